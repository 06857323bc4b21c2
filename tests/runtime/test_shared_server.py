"""Several agents on one server: one width, one reading of its metrics, one KV budget, and fair shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.load import ServerLoad
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.runtime.admission import whole_episodes
from clemsim.runtime.agent import Cast
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import WidthSample
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import run_virtually
from tests.talk import Talk, Watching, topics

SPEC = Spec(seats=16, first_token=0.02, interval=0.02, prefill=1e9, blocks=10**6)


class Server(SimulatedEngine):
    """A server that counts what is in flight, and how often it was asked for its metrics."""

    def __init__(self, spec: Spec = SPEC, width: int | None = None) -> None:
        super().__init__(spec, lambda body: "abc." * 40, width=width)
        self.scrapes = self.inside = self.most = 0

    async def complete(self, request: Request) -> Completion:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            return await super().complete(request)
        finally:
            self.inside -= 1

    async def load(self) -> ServerLoad | None:
        self.scrapes += 1
        return await super().load()


class Shared(Watching):
    """Sees besides how many turns of each agent were in flight at each sample, and when the last episode of each ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[str] = []

    def finished(self, result: object) -> None:
        super().finished(result)  # type: ignore[arg-type]
        self.ends.append(result.key.cast)  # type: ignore[attr-defined]

    def moments(self) -> list[list[WidthSample]]:
        """The samples of each moment."""
        moments: dict[float, list[WidthSample]] = {}
        for sample in self.history:
            moments.setdefault(sample.at, []).append(sample)
        return list(moments.values())


def play(
    engine: SimulatedEngine, episodes: Sequence[int], width: int | None = None, caps: Sequence[int | None] = ()
) -> tuple[Shared, float]:
    """What was seen, and virtual seconds: agents a, b, ... on one server with so many episodes each."""

    async def main() -> Shared:
        shared = Shared()
        agents = [ModelAgent(engine, Sampling(max_tokens=2000), name="abcdefgh"[number]) for number in range(len(episodes))]
        for agent, cap in zip(agents, caps, strict=False):
            agent.most_turns = cap
        for agent in agents:
            await agent.open()
        some = zip(agents, episodes, strict=True)
        await Scheduler(shared, width).play(
            [each for agent, many in some for each in Talk().episodes(topics(many, lambda number: 4), agent)]
        )
        return shared

    return run_virtually(main())


def test_agents_of_one_server_share_its_width_and_one_reading_of_its_metrics() -> None:
    alone, together = Server(), Server()
    one, seconds = play(alone, [180])
    three, seconds_of_three = play(together, [60, 60, 60])
    assert len(three.results) == 180 and all(result.outcome for result in three.results.values())
    assert seconds_of_three <= 1.05 * seconds and together.most <= 64
    assert together.scrapes == pytest.approx(2 * seconds_of_three, abs=2)
    assert {sample.server for sample in three.history} == {engine_name(together)}
    for samples in three.moments():
        assert [sample.agent for sample in samples] == ["a", "b", "c"]
        assert sum(sample.in_flight for sample in samples) <= 64
    assert sum(sample.width for sample in three.moments()[0]) == one.history[0].width == 64
    widths = [sum(sample.width for sample in samples) for samples in three.moments()]
    assert widths[-1] < 64, "a queue at the server was shortened once, not for each agent"


def engine_name(engine: SimulatedEngine) -> str:
    return engine.backend.name


def test_an_agent_gets_slots_by_what_it_has_left_so_that_all_end_together() -> None:
    watching, _ = play(Server(width=16), [150, 50])
    counts = Counter(watching.ends[:100])
    assert counts["a"] == pytest.approx(75, abs=8)
    assert {"a", "b"} == set(watching.ends[-24:])


def test_many_casts_on_one_server_are_all_played_to_their_end() -> None:
    engine = Server(Spec(seats=8, first_token=0.02, interval=0.02, prefill=1e9, blocks=10**6), width=6)
    agents = [ModelAgent(engine, Sampling(max_tokens=2000), name=f"m{number}") for number in range(9)]
    shared = Shared()

    async def main() -> None:
        pairs = [(one, other) for one in agents for other in agents if one is not other]
        casts = [Cast(f"{one.name},{other.name}", one, {"nobody": other}) for one, other in pairs]
        await Scheduler(shared).play([each for cast in casts for each in Talk().episodes(topics(2, lambda number: 2), cast)])

    run_virtually(main())
    assert len(shared.results) == 9 * 8 * 2 and all(result.outcome for result in shared.results.values())
    assert engine.most == 6


def test_no_agent_starves_and_what_one_leaves_goes_to_the_others() -> None:
    watching, seconds = play(Server(width=4), [60, 1])
    assert watching.ends.index("b") < 30
    _, alone = play(Server(width=4), [61])
    assert seconds <= 1.05 * alone


def test_a_width_that_is_given_is_that_of_each_agent() -> None:
    engine = Server()
    watching, _ = play(engine, [20, 20, 20], 5)
    assert engine.most == 15
    assert all([sample.width for sample in samples] == [5, 5, 5] for samples in watching.moments())


def test_a_cap_of_one_agent_holds_beside_others_and_the_rest_is_theirs() -> None:
    engine = Server(width=16)
    watching, _ = play(engine, [30, 30], caps=[3])
    assert engine.most == 16
    adaptive = Server()
    watching, _ = play(adaptive, [20, 80], caps=[3, None])
    assert max(sample.in_flight for sample in watching.history if sample.agent == "a") == 3
    assert max(sample.width for sample in watching.history if sample.agent == "a") == 3
    assert sum(sample.width for sample in watching.moments()[0]) == 64
    alone = Server()
    watching, _ = play(alone, [20], caps=[3])
    assert alone.most == 3 and {sample.width for sample in watching.history} == {3}


def test_the_conversations_of_all_agents_fit_the_one_cache() -> None:
    """Conversations of 1,900 tokens at the end, and room for 36 of them; three agents could have 21 each under way."""
    spec = Spec(seats=32, first_token=0.01, interval=0.01, prefill=20_000, blocks=4800)
    engine = Server(spec)
    agents = [ModelAgent(engine, Sampling(max_tokens=2000), name=name) for name in "abc"]
    begun: list[int] = []

    class Counting(Shared):
        def finished(self, result: object) -> None:
            super().finished(result)
            begun.append(scheduler.progress.started)

    scheduler = Scheduler(Counting())

    async def main() -> None:
        for agent in agents:
            await agent.open()
        some = topics(48, lambda number: 8, words=150)
        await scheduler.play([each for agent in agents for each in Talk().episodes(some, agent)])

    run_virtually(main())
    assert max(begun) > 40, "before an episode has ended, nobody knows how large they get"
    assert 30 <= max(begun[64:]) <= 39, "a share that moves to another agent is free once an episode has ended"


@pytest.mark.parametrize(
    ("shares", "tokens", "whole"),
    [
        ([250.0, 250.0], [100.0, 100.0], [300.0, 200.0]),
        ([25.0, 25.0, 50.0], [100.0, 100.0, 100.0], [0.0, 0.0, 100.0]),
        ([10.0, 20.0], [100.0, 100.0], [0.0, 100.0]),
        ([200.0, 0.0], [100.0, 50.0], [200.0, 0.0]),
    ],
)
def test_a_cache_is_shared_out_in_whole_episodes(shares: list[float], tokens: list[float], whole: list[float]) -> None:
    assert whole_episodes(shares, tokens) == pytest.approx(whole)
