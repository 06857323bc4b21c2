"""Analyses of who played with whom: figures that altair knows, matrices by hand, effects that are not there."""

from __future__ import annotations

import altair as alt
import pytest

from clemsim.analysis.crossplay import analyze_crossplay
from clemsim.analysis.drawing.partner_map import Cell, partner_map
from clemsim.analysis.questions.partners import pairings_of
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.crossplay import CrossPlay, SeatedEpisode
from clemsim.errors import UsageError
from clemsim.game.outcomes import Outcome
from clemsim.store.reader import SeatRow

EVIL = "<b>../x"


def duel(instance: int, red: str, yellow: str, score: float) -> SeatedEpisode:
    rows = (SeatRow("red", "red", red, score), SeatRow("yellow", "yellow", yellow, 1 - score))
    return SeatedEpisode(EVIL, str(instance), rows, Outcome.scores({"red": score, "yellow": 1 - score}))


def team(instance: int, describer: str, guesser: str, outcome: Outcome) -> SeatedEpisode:
    rows = (SeatRow("describer", "describer", describer, None), SeatRow("guesser", "guesser", guesser, None))
    return SeatedEpisode("team", str(instance), rows, outcome)


def play(*episodes: SeatedEpisode) -> CrossPlay:
    return CrossPlay(episodes, {"a": "a b", "b": "b"}, {}, {}, {}, ("--seed", "1"), None)


def analysed(*episodes: SeatedEpisode) -> dict[str, Analysis]:
    return {analysis.key: analysis for analysis in analyze_crossplay(play(*episodes))}


def test_every_picture_is_one_that_altair_knows_and_its_file_has_a_safe_name() -> None:
    duels = [duel(n, *pair, float(n % 3 == 0)) for n in range(6) for pair in (("a", "b"), ("b", "a"))]
    found = analysed(
        *duels, *(team(n, "a", "b", Outcome.success(50.0)) for n in range(6)), team(0, "b", "b", Outcome.success())
    )
    figures = [figure for analysis in found.values() for figure in analysis.figures]
    assert [figure.name for figure in figures] == ["ratings_forest", "partners__b_.._x_score", "partners_team_worth"]
    for figure in figures:
        assert figure.specification["description"], figure.name
        alt.Chart.from_dict(dict(figure.specification))  # validates
    many = [Cell(f"m{i}", f"m{j}", float(i * j), None, 3) for i in range(14) for j in range(14)]
    assert "…" not in str(partner_map(many)) and len(str(partner_map(many))) > 1000


def test_a_matrix_has_the_means_of_each_with_each() -> None:
    episodes = [
        *(team(n, "a", "b", Outcome.success(80.0)) for n in range(5)),
        *(team(n, "b", "a", Outcome.aborted("no tag", blame="describer")) for n in range(5)),
        team(5, "b", "a", Outcome.success(60.0)),
    ]
    rows = {(row.agent, row.seat, row.other): row for row in pairings_of(episodes, "team")}
    assert set(rows) == {("a", "describer", "b"), ("b", "describer", "a")}
    assert rows["a", "describer", "b"].mean == 80 and rows["b", "describer", "a"].mean == 10
    low, high = rows["b", "describer", "a"].interval or (0.0, 0.0)
    assert low < 10 < high and rows["b", "describer", "a"].episodes == 6


def test_whose_fault_failures_are_is_the_describers_where_guessers_are_led_astray() -> None:
    episodes = []
    for n in range(12):
        for describer in "ab":
            for guesser in "ab":
                lost = describer == "b" and n % 3 < 2  # the guesser is blamed, whoever it is
                outcome = Outcome.aborted("astray", blame="guesser") if lost else Outcome.success()
                episodes.append(team(n, describer, guesser, outcome))
    blame = analysed(*episodes)["blame"]
    assert "who is describer matters most" in blame.sentences[0]
    effects = {(row["measure"], row["seat"], row["agent"]): row for row in blame.tables[0].frame.to_dicts()}
    assert effects["aborted", "describer", "b"]["effect"] == pytest.approx(100 / 3)
    assert effects["aborted", "describer", "b"]["low"] > 0 and effects["aborted", "guesser", "b"]["effect"] == pytest.approx(
        0
    )
    blamed = {(row["agent"], row["seat"]): row["blamed"] for row in blame.tables[1].frame.to_dicts()}
    assert blamed["b", "describer"] == 0 and blamed["a", "guesser"] == blamed["b", "guesser"] == 8


def test_the_next_pairing_is_a_command_in_quotes() -> None:
    duels = [duel(n, *pair, float(n % 2)) for n in range(6) for pair in (("a", "b"), ("b", "a"))]
    (sentence,) = analysed(*duels)["next"].sentences
    assert "--arena '<b>../x'" in sentence and ("'red=a b'" in sentence or "'yellow=a b'" in sentence)
    with pytest.raises(UsageError, match="no two agents"):
        analyze_crossplay(play(duel(0, "a", "a", 1.0)))
