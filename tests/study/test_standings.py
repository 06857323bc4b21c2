"""The standings of the models of a study."""

from __future__ import annotations

import pytest

from clemsim.errors import UsageError
from clemsim.game.outcomes import Outcome
from clemsim.results.run_summary import RunSummary
from clemsim.results.summary import ScoredEpisode, summarize
from clemsim.study.standings import standings

ABORTED = Outcome.aborted("no tag", blame="a")


def summary(*episodes: tuple[str, str, Outcome | None]) -> RunSummary:
    """A summary of episodes: game, agent, outcome."""
    scored = [ScoredEpisode(game, f"x/{n}", agent, outcome) for n, (game, agent, outcome) in enumerate(episodes)]
    return RunSummary.model_construct(**dict(summarize(scored)))


STUDY = {
    "good": summary(("taboo", "good", Outcome.success(80)), ("wordle", "good", ABORTED)),
    "best": summary(("taboo", "best", Outcome.success(60)), ("wordle", "best", Outcome.success(90))),
    "idle": summary(("taboo", "idle", None)),
    "pair": summary(("taboo", "a", Outcome.success(100)), ("taboo", "b", Outcome.failure("lost"))),
}


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({}, ["best", "pair", "good", "idle"]),
        ({"sort": "worth"}, ["best", "pair", "good", "idle"]),
        ({"sort": "worth", "descending": False}, ["good", "pair", "best", "idle"]),
        ({"sort": "model", "descending": False}, ["best", "good", "idle", "pair"]),
        ({"arena": "taboo"}, ["good", "best", "pair", "idle"]),
        ({"arena": "wordle"}, ["best", "good"]),
        ({"agent": "b"}, ["pair"]),
    ],
)
def test_models_are_sorted_and_those_without_a_value_come_last(options: dict[str, str], order: list[str]) -> None:
    assert [row.model for row in standings(STUDY, **options)] == order  # type: ignore[arg-type]


def test_scores_are_those_of_the_game_or_the_agent_that_is_asked_for() -> None:
    (taboo,) = [row for row in standings(STUDY, arena="taboo") if row.model == "good"]
    assert (taboo.games, taboo.episodes, taboo.played, taboo.quality, taboo.clemscore, taboo.worth) == (
        1,
        1,
        100,
        80,
        80,
        80,
    )
    (wordle,) = [row for row in standings(STUDY, arena="wordle") if row.model == "good"]
    assert (wordle.played, wordle.quality, wordle.clemscore, wordle.worth) == (0, None, None, 0)
    assert [row.worth for row in standings(STUDY, agent="a")] == [100]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sort": "luck"}, "--sort 'luck': a study has no such column; choose from model, games"),
        ({"agent": "x"}, "no model or agent is called 'x': choose from good, best, idle, pair, a, b"),
        ({"arena": "x"}, "no game is called 'x': choose from taboo, wordle"),
    ],
)
def test_unknown_names_are_told_with_the_choices(options: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        standings(STUDY, **options)  # type: ignore[arg-type]
