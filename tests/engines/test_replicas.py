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
from clemsim.errors import EngineUnavailable
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import run_virtually
from tests.talk import Talk, Watching, seat, talk, topics


def even(body: Body) -> str:
    """A reply of 40 tokens."""
    return "abc." * 40


def servers(count: int = 4, **more: object) -> list[SimulatedEngine]:
    spec = Spec(seats=16, first_token=0.01, interval=0.01, prefill=20_000, **more)  # type: ignore[arg-type]
    return [SimulatedEngine(spec, even) for _ in range(count)]


def together(some: list[SimulatedEngine], **more: object) -> ReplicatedEngine:
    return ReplicatedEngine({f"r{n}": each for n, each in enumerate(some)}, **more)  # type: ignore[arg-type]


LONG = topics(128, lambda number: 8, words=150)


def test_an_episode_keeps_to_its_replica_and_all_get_their_share() -> None:
    some = servers()
    watching, _ = talk(seat(together(some)), LONG)
    faithful = sum(max(counts.values()) for counts in watching.replicas.values())
    assert faithful > 0.95 * 128 * 8
    assert min(each.machine.counters.finished for each in some) > 0.75 * 128 * 8 / 4


def test_affinity_is_worth_its_while() -> None:
    """256 conversations of 1,900 tokens at the end, and room for half of them in all four together."""
    some = topics(256, lambda number: 8, words=150)
    faithful, in_turn = servers(blocks=3800), servers(blocks=3800)
    _, seconds = talk(seat(together(faithful)), some)
    _, round_robin = talk(seat(together(in_turn, affinity=False)), some)
    assert round_robin > 1.3 * seconds
    hits = [sum(each.machine.counters.hits for each in some) for some in (faithful, in_turn)]
    assert hits[0] > 1.5 * hits[1]


def meanwhile(some: list[SimulatedEngine], happens: Callable[[], Awaitable[None]], patience: float = 120.0) -> Watching:
    """What was seen of a run during which something happens."""

    async def main() -> Watching:
        watching, engine = Watching(), together(some, patience=patience)
        async with seat(engine) as agent:
            happening = asyncio.ensure_future(happens())
            await Scheduler(watching).play(Talk().episodes(LONG, agent))
            await happening
        return watching

    return run_virtually(main())[0]


def test_a_replica_that_dies_and_comes_back_costs_no_episode() -> None:
    some, served = servers(), list[int]()

    async def happens() -> None:
        await asyncio.sleep(2)
        some[1].kill()
        await asyncio.sleep(2)
        served.append(some[1].machine.counters.finished)
        some[1].restart()

    watching = meanwhile(some, happens)
    assert all(result.outcome for result in watching.results.values()) and len(watching.results) == 128
    assert served[0] > 0 and some[1].machine.counters.finished > 50


def test_when_all_are_down_they_are_waited_for() -> None:
    some = servers(2)

    async def happens() -> None:
        await asyncio.sleep(1)
        for each in some:
            each.kill()
        await asyncio.sleep(60)
        some[0].restart()

    watching = meanwhile(some, happens)
    assert all(result.outcome for result in watching.results.values())


def test_when_all_stay_down_episodes_are_unfinished() -> None:
    some = servers(2)

    async def happens() -> None:
        await asyncio.sleep(1)
        for each in some:
            each.kill()

    watching = meanwhile(some, happens, patience=5.0)
    assert len(watching.results) == 128
    assert {result.cause for result in watching.results.values()} == {"unavailable"}


def test_none_is_there() -> None:
    some = servers(2)
    for each in some:
        each.kill()
    with pytest.raises(EngineUnavailable, match="any of r0, r1"):
        run_virtually(together(some).open())


SPEC = Spec(model="tiny", first_token=0.002, interval=0.0005)


async def test_a_real_server_is_killed_and_restarted() -> None:
    ours, other = SimulatedServer(SPEC), SimulatedServer(SPEC)
    await ours.start()
    async with other.serving():
        engines = {server.url: ChatEngine("tiny", server.url, failover=True) for server in (ours, other)}
        watching = Watching()
        async with ModelAgent(ReplicatedEngine(engines), Sampling(max_tokens=50)) as agent:
            playing = asyncio.ensure_future(Scheduler(watching, 16).play(Talk().episodes(topics(200), agent)))
            await asyncio.sleep(0.1)
            port = int(ours.url.rpartition(":")[2])
            await ours.stop()
            await asyncio.sleep(0.3)
            await ours.start(port)
            await playing
    await ours.stop()
    assert all(result.outcome for result in watching.results.values()) and len(watching.results) == 200
    assert ours.machine.counters.finished > 0


async def test_one_that_is_late_joins() -> None:
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
