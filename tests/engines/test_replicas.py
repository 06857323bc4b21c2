"""Several servers as one: affinity, bounded load, failover and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.replicas import ReplicatedEngine
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import EngineUnavailable, UnknownModel
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import run_virtually
from tests.talk import Talk, Watching, seat, talk, topics


def even(body: Body) -> str:
    """Return a reply of 40 tokens."""
    return "abc." * 40


def replicas(count: int = 4, **more: object) -> list[SimulatedEngine]:
    spec = Spec(seats=16, first_token=0.01, interval=0.01, prefill=20_000, **more)  # type: ignore[arg-type]
    return [SimulatedEngine(spec, even) for _ in range(count)]


def replicate(engines: list[SimulatedEngine], **more: object) -> ReplicatedEngine:
    return ReplicatedEngine({f"r{n}": engine for n, engine in enumerate(engines)}, **more)  # type: ignore[arg-type]


LONG = topics(128, lambda number: 8, words=150)


def test_an_episode_keeps_to_its_replica_and_all_get_their_share() -> None:
    engines = replicas()
    watching, _ = talk(seat(replicate(engines)), LONG)
    faithful = sum(max(counts.values()) for counts in watching.replicas.values())
    assert faithful > 0.95 * 128 * 8
    assert min(engine.machine.counters.finished for engine in engines) > 0.75 * 128 * 8 / 4


def test_affinity_saves_time() -> None:
    """256 conversations of 1,900 tokens at the end, and room for half of them in all four replicas together."""
    instances = topics(256, lambda number: 8, words=150)
    faithful, in_turn = replicas(blocks=3800), replicas(blocks=3800)
    _, seconds = talk(seat(replicate(faithful)), instances)
    _, round_robin = talk(seat(replicate(in_turn, affinity=False)), instances)
    assert round_robin > 1.3 * seconds
    hits = [sum(engine.machine.counters.hits for engine in engines) for engines in (faithful, in_turn)]
    assert hits[0] > 1.5 * hits[1]


def play_while(engines: list[SimulatedEngine], happens: Callable[[], Awaitable[None]], patience: float = 120.0) -> Watching:
    """Play a run while something happens to its replicas; return what was observed."""

    async def main() -> Watching:
        watching, engine = Watching(), replicate(engines, patience=patience)
        async with seat(engine) as agent:
            happening = asyncio.ensure_future(happens())
            await Scheduler(watching).play(Talk().episodes(LONG, agent))
            await happening
        return watching

    return run_virtually(main())[0]


def test_a_replica_that_dies_and_comes_back_costs_no_episode() -> None:
    engines, finished = replicas(), list[int]()

    async def happens() -> None:
        await asyncio.sleep(2)
        engines[1].kill()
        await asyncio.sleep(2)
        finished.append(engines[1].machine.counters.finished)
        engines[1].restart()

    watching = play_while(engines, happens)
    assert all(result.outcome for result in watching.results.values()) and len(watching.results) == 128
    assert finished[0] > 0 and engines[1].machine.counters.finished > 50


def test_when_all_are_down_they_are_waited_for() -> None:
    engines = replicas(2)

    async def happens() -> None:
        await asyncio.sleep(1)
        for engine in engines:
            engine.kill()
        await asyncio.sleep(60)
        engines[0].restart()

    watching = play_while(engines, happens)
    assert all(result.outcome for result in watching.results.values())


def test_when_all_stay_down_episodes_are_unfinished() -> None:
    engines = replicas(2)

    async def happens() -> None:
        await asyncio.sleep(1)
        for engine in engines:
            engine.kill()

    watching = play_while(engines, happens, patience=5.0)
    assert len(watching.results) == 128
    assert {result.cause for result in watching.results.values()} == {"unavailable"}


def test_no_replica_answers() -> None:
    engines = replicas(2)
    for engine in engines:
        engine.kill()
    with pytest.raises(EngineUnavailable, match="any of r0, r1"):
        run_virtually(replicate(engines).open())


class WrongModel(SimulatedEngine):
    """Serves another model."""

    async def open(self) -> None:
        raise UnknownModel("the server serves other models")


class Closing(SimulatedEngine):
    """Knows whether it was closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


def test_when_a_replica_serves_another_model_none_stays_open() -> None:
    closing = Closing(Spec())
    with pytest.raises(UnknownModel, match="other models"):
        run_virtually(replicate([closing, WrongModel(Spec())]).open())
    assert closing.closed


SPEC = Spec(model="tiny", first_token=0.002, interval=0.0005)


async def test_a_real_server_is_killed_and_restarted() -> None:
    killed, other = SimulatedServer(SPEC), SimulatedServer(SPEC)
    await killed.start()
    async with other.serving():
        engines = {server.url: ChatEngine("tiny", server.url, failover=True) for server in (killed, other)}
        watching = Watching()
        async with ModelAgent(ReplicatedEngine(engines), Sampling(max_tokens=50)) as agent:
            playing = asyncio.ensure_future(Scheduler(watching, 16).play(Talk().episodes(topics(200), agent)))
            await asyncio.sleep(0.1)
            port = int(killed.url.rpartition(":")[2])
            await killed.stop()
            await asyncio.sleep(0.3)
            await killed.start(port)
            await playing
    await killed.stop()
    assert all(result.outcome for result in watching.results.values()) and len(watching.results) == 200
    assert killed.machine.counters.finished > 0


async def test_a_late_replica_joins() -> None:
    late = SimulatedServer(SPEC)
    await late.start()
    port = int(late.url.rpartition(":")[2])
    await late.stop()
    async with SimulatedServer(SPEC).serving() as server:
        engines = {url: ChatEngine("tiny", url, failover=True) for url in (server.url, late.url)}
        async with ModelAgent(ReplicatedEngine(engines), Sampling(max_tokens=50)) as agent:
            await late.start(port)
            await asyncio.sleep(1.2)
            await Scheduler(Watching(), 16).play(Talk().episodes(topics(40), agent))
    assert late.machine.counters.finished > 40
    await late.stop()
