"""The scripted players: each baseline is a proven ceiling, random a floor; both see no more than their seats do."""

from __future__ import annotations

from pathlib import Path

import pytest
from clemsim_agents.scripted import make_baseline, make_random

from clemsim.arena import find_arena
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.plugins import registered
from clemsim.errors import UsageError
from clemsim.runtime.episode import Result

CEILINGS = {
    "clean_up": 100,
    "codenames": 95,
    "dond": 100,
    "hot_air_balloon": 98,
    "adventuregame": 100,
    "taboo": 80,
    "wordle": 70,
    "wordle_withclue": 20,
    "wordle_withcritic": 20,
    "imagegame": 100,
    "referencegame": 100,
    "privateshared": 100,
    "guesswhat": 100,
    "matchit_ascii": 100,
    "textmapworld": 95,
    "textmapworld_graphreasoning": 95,
    "textmapworld_specificroom": 100,
}
FLOORS = {"referencegame": 60, "privateshared": 60}  # a third, a half: what chance gives
FLOORS |= {"matchit_ascii": 40}  # two coins
FLOORS |= {"textmapworld": 40, "textmapworld_graphreasoning": 40, "textmapworld_specificroom": 25}  # what is near


async def results_of(name: str, agent_name: str) -> list[Result]:
    arena = find_arena(name)()
    agent = {"baseline": make_baseline, "random": make_random}[agent_name]("", AgentOptions())
    return await arena.run(arena.instances(), agent)


def quality(results: list[Result]) -> float:
    scores = [result.outcome.quality for result in results if result.outcome and result.outcome.quality is not None]
    assert len(scores) == len(results), "a scripted player aborted"
    return sum(scores) / len(scores)


CEILING_NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name == "codenames" else name for name in registered("arenas")
]


@pytest.mark.parametrize("name", CEILING_NAMES)
async def test_baseline_is_a_ceiling(name: str) -> None:
    assert quality(await results_of(name, "baseline")) >= CEILINGS[name]


@pytest.mark.parametrize("name", ["wordle", "wordle_withclue", "wordle_withcritic"])
async def test_baseline_wins_the_wordle_games(name: str) -> None:
    results = await results_of(name, "baseline")
    won = sum(1 for result in results if result.outcome and result.outcome.kind == "success")
    assert won >= 0.95 * len(results)


@pytest.mark.parametrize("name", registered("arenas"))
async def test_random_is_a_floor(name: str) -> None:
    assert quality(await results_of(name, "random")) < FLOORS.get(name, 20)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("taboo", "describer"),
        ("imagegame", "giver"),
        ("referencegame", "giver"),
        ("guesswhat", "guesser"),
        ("matchit_ascii", "first"),
        ("adventuregame", "basic"),
    ],
)
async def test_a_baseline_says_that_it_can_not_read_other_prompts(tmp_path: Path, name: str, prompt: str) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / f"{prompt}.txt").write_text("Play.")
    arena = find_arena(name)(tmp_path)
    with pytest.raises(UsageError, match=f"players of {name} read only the arena's own prompts"):
        await arena.run(arena.instances()[:1], make_baseline("", AgentOptions()))
