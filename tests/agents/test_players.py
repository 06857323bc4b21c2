"""The scripted players: each baseline is a proven ceiling, random a floor; both see no more than their seats do."""

from __future__ import annotations

from clemsim_agents.players import baseline, random_

from clemsim.registry import find_arena
from clemsim.run import scores_of
from clemsim.scheduler import Result


async def quality(name: str, agent_name: str) -> tuple[float, list[Result]]:
    arena = find_arena(name)()
    agent = {"baseline": baseline, "random": random_}[agent_name]()
    results = await arena.run(arena.instances(), agent)
    scores = [scores_of(arena, result.transcript)[0]["Main Score"] for result in results]
    defined = [score for score in scores if score is not None]
    assert len(defined) == len(results), "a scripted player aborted"
    return sum(defined) / len(defined), results


async def test_baseline_of_taboo() -> None:
    assert (await quality("taboo", "baseline"))[0] >= 80


async def test_baseline_of_wordle_wins() -> None:
    _, results = await quality("wordle", "baseline")
    won = sum(1 for result in results if result.outcome and result.outcome.kind == "success")
    assert won >= 0.95 * len(results)


async def test_baseline_of_referencegame() -> None:
    assert (await quality("referencegame", "baseline"))[0] == 100


async def test_random_is_a_floor() -> None:
    assert (await quality("taboo", "random"))[0] < 10
    assert (await quality("wordle", "random"))[0] < 10
    assert (await quality("referencegame", "random"))[0] < 60
