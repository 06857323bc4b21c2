"""The analyses on made-up tables: their answers, and that they claim no more than the tables hold."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pathlib import Path

import altair as alt
import polars as pl
import pytest

from clemsim.analysis import wording
from clemsim.analysis.analyze import analyze
from clemsim.analysis.kinds import KINDS, LETTERS, AnalysisOptions, choose
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence, scores_of
from clemsim.analysis.sources.published import COSTS, EPISODES, SPENT
from clemsim.analysis.sources.reading import read
from clemsim.analysis.statistics.differences import Sensitivity
from clemsim.analysis.statistics.rating import RatedGame
from clemsim.errors import UsageError
from clemsim.results.differences import Difference
from tests.analysis.conftest import HEADER, write_tables


@pytest.fixture(scope="module")
def analyses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Analysis]:
    tables = write_tables(tmp_path_factory.mktemp("published") / "tables")
    return {analysis.key: analysis for analysis in analyze(read([tables]))}


def rows(analysis: Analysis, name: str) -> list[dict[str, object]]:
    return next(table.frame for table in analysis.tables if table.name == name).to_dicts()


def test_every_specification_is_one_that_altair_knows(analyses: dict[str, Analysis]) -> None:
    figures = [figure for analysis in analyses.values() for figure in analysis.figures]
    assert len(figures) == 11 and len({figure.name for figure in figures}) == 11
    for figure in figures:
        assert figure.specification["description"], figure.name
        alt.Chart.from_dict(dict(figure.specification))  # validates


def test_scores_lie_in_their_intervals(analyses: dict[str, Analysis]) -> None:
    for row in rows(analyses["scores"], "scores"):
        if row["clemscore"] is not None and row["model"] != "stranger":
            assert row["clemscore_low"] <= row["clemscore"] <= row["clemscore_high"], row  # type: ignore[operator]
    assert "approximate" in analyses["scores"].sentences[-2] and "3 of 8 places" in analyses["scores"].sentences[-1]


def test_size(analyses: dict[str, Analysis]) -> None:
    (fit,) = rows(analyses["a"], "size_regressions")  # three models with training data are too few
    assert (fit["n"], fit["formula"]) == (4, "clemscore ~ ln(P)")
    assert "1 model of unknown size: bee-7b-tuned" in analyses["a"].left_out
    assert analyses["a"].sentences[0].startswith("On all 4 models with parameters")
    by_score = {row["clemscore"]: row for row in rows(analyses["a"], "size_for_a_score")}
    assert 1 < by_score[20.0]["parameters"] < 70 and by_score[50.0]["beyond_the_data"]  # type: ignore[operator]


def test_too_few_models_of_known_size_are_said_to_be(tables: Path) -> None:
    (tables / "models.csv").write_text("name,parameters\nant-1b,1\nant-7b,unknown\n")
    _, size, buckets = analyze(read([tables]), choose("ab"))
    assert size.sentences == ["1 model of known size: too few for a regression, which needs 4 of different sizes."]
    assert not size.figures and "1 model of unknown size" in buckets.left_out


def test_buckets_and_bases(analyses: dict[str, Analysis]) -> None:
    bucket = {row["bucket"]: row for row in rows(analyses["b"], "buckets")}
    assert (bucket["(6,10]"]["n"], bucket["(6,10]"]["spread"], bucket["(10,60]"]["n"]) == (2, 4.5, 0)
    assert (
        analyses["b"].sentences[1]
        == "The mean rises from bucket to bucket (5.0, 20.2, 40.0), and no two neighbours overlap."
    )
    (row,) = rows(analyses["c"], "bases")
    assert (row["base_model"], row["model"]) == ("bee-7b", "bee-7b-tuned")
    assert analyses["c"].sentences == [
        "No base has two fine-tuned models here: how far tuned models lie apart can't be seen."
    ]


def test_groups_are_compared_with_their_reference(analyses: dict[str, Analysis]) -> None:
    pairs = {(row["group"], row["model"]): row["reference"] for row in rows(analyses["e"], "group_differences")}
    assert pairs["family: ant", "ant-70b"] == "ant-1b" and ("family: ant", "ant-70b-gguf-q4") not in pairs  # the oldest
    assert pairs["tuned from: bee-7b", "bee-7b-tuned"] == "bee-7b"
    assert pairs["quantisation: ant-70b", "ant-70b-gguf-q4"] == "ant-70b"
    games = [row["game"] for row in rows(analyses["f"], "quantisation_by_game")]
    assert games == ["taboo", "wordle", "overall"]


def test_a_difference_of_nothing_needs_no_verdict(analyses: dict[str, Analysis]) -> None:
    (row,) = rows(analyses["f"], "quantisation_differences")
    assert row["difference"] == pytest.approx(0.9 * (50 + 16.7) / 2 - 40)
    assert row["low"] < row["difference"] < row["high"] and row["p"] == row["p_holm"]  # type: ignore[operator]
    assert analyses["f"].sentences[0].startswith("ant-70b-gguf-q4 lies 10.0 points below ant-70b")


def test_costs(analyses: dict[str, Analysis]) -> None:
    table = {row["model"]: row for row in rows(analyses["h"], "costs")}
    assert table["ant-7b"]["tokens_a_played_episode"] == pytest.approx(2.1e6 / (60 + 15))  # of taboo 60, of wordle 15 of 30
    assert table["ant-1b"]["tokens_a_played_episode"] is None and not any("a_point" in column for column in table["ant-1b"])
    assert [table[name]["unbeaten_by_latency"] for name in ("ant-1b", "bee-7b", "ant-7b")] == [True, True, True]
    assert "1 model with a known cost have no scores" in analyses["h"].left_out


def test_what_a_played_episode_and_a_point_cost() -> None:
    played = [("a", "taboo", f"x/{number}", 2.0, 2.0, 2.0, 100.0) for number in range(4)]  # two repetitions, worth 50
    played += [("b", "taboo", f"x/{number}", 1.0, number % 2, number % 2, 100.0 * (number % 2)) for number in range(4)]
    played += [("b", "wordle", "y/0", 1.0, 1.0, 1.0, 100.0), ("c", "taboo", "x/0", 1.0, 1.0, 1.0, 0.0)]
    clusters = pl.DataFrame(played, EPISODES, orient="row")
    costs = pl.DataFrame([(name, 1.0, None, None) for name in "abc"], COSTS, orient="row")
    spent = [("a", "taboo", 80.0, 16.0), ("b", "taboo", 10.0, 4.0), ("b", "wordle", 10.0, 1.0), ("c", "taboo", 10.0, None)]
    evidence = Evidence(
        scores_of(clusters), clusters=clusters, costs=costs, spent=pl.DataFrame(spent, SPENT, orient="row"), described={}
    )
    answered = analyze(evidence, choose("costs"))[1]
    by_model = {row["model"]: row for row in rows(answered, "costs")}
    assert by_model["a"]["cost_a_played_episode"] == 16 / 8 and by_model["b"]["cost_a_played_episode"] == 4 / 2
    assert by_model["a"]["cost_a_point"] == pytest.approx(16 / 8 * 4 / 50)  # each instance once, by a clemscore of 50
    assert by_model["b"]["cost_a_point"] == pytest.approx((4 + 1) / 75)  # 75 % played, of quality 100
    assert by_model["c"]["cost_a_point"] is None and by_model["c"]["unbeaten_by_cost"] is None


def test_dynamics(analyses: dict[str, Analysis]) -> None:
    steps = [row["model"] for row in rows(analyses["i"], "dynamics") if row["new_best"]]
    assert steps == ["ant-1b", "ant-7b", "bee-7b-tuned", "ant-70b"]
    assert "went from 5.0 (ant-1b, January 2023) to 24.0 (bee-7b-tuned, May 2023)" in analyses["i"].sentences[0]
    last = analyses["i"].sentences[2]
    assert "picked by their scores: bee-7b-tuned lies 16.0 points below ant-70b (interval joint for all 4 pairs" in last


def test_profiles(tables: Path, analyses: dict[str, Analysis]) -> None:
    first, means = analyses["d"].sentences
    assert first.startswith("ant-70b-groq has its highest Quality in taboo (62.0) and its lowest in wordle (20.0), of 2")
    assert means.startswith("Over the 5 models that played all 2 games")  # the same models in each game
    chosen = analyze(read([tables]), choose("profiles"), AnalysisOptions(model="ant-1b"))[1]
    assert "breaks the rules of form most often in wordle (0.0 % played)" in chosen.sentences[1]
    with pytest.raises(UsageError, match="there is no model 'nobody'"):
        analyze(read([tables]), choose("d"), AnalysisOptions(model="nobody"))


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("ca", "ac"),
        ("dynamics, size", "ai"),
        ("size,", "a"),
        ("access", "g"),
        ("bf,costs,b", "bfh"),
        ("", ""),
        (LETTERS, LETTERS),
    ],
)
def test_analyses_are_chosen_by_letter_or_name_in_the_order_of_the_registry(text: str, letters: str) -> None:
    assert "".join(kind.letter for kind in choose(text)) == letters


@pytest.mark.parametrize(("text", "wrong"), [("az", "z"), ("a,colour", "colour")])
def test_an_unknown_analysis_is_named(text: str, wrong: str) -> None:
    with pytest.raises(UsageError, match=f"no analysis '{wrong}': choose some of abcdefghijk, or names with commas: size, "):
        choose(text)


def test_every_kind_is_a_module_with_an_answer_and_has_its_own_letter_and_name() -> None:
    assert len({kind.letter for kind in KINDS}) == len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        module = import_module(f"clemsim.analysis.questions.{kind.name}")
        assert list(signature(module.answer).parameters) == ["evidence", "options"], kind


def test_the_other_analyses_need_no_characteristics(tables: Path) -> None:
    (tables / "models.csv").unlink()
    (tables / "latency.csv").unlink()
    (tables / "tokens.csv").unlink()
    evidence = read([tables])
    analyses = {analysis.key: analysis for analysis in analyze(evidence)}
    assert "there is no table of characteristics" in evidence.left_out()[-1]
    assert all(not analyses[letter].figures for letter in "abchi") and analyses["f"].figures
    assert all(analysis.sentences for analysis in analyses.values())


def test_nothing_played_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text(HEADER + "x-t0.0,,0.0,,0.0,,,0.0,,\ny-t0.0,,0.0,,0.0,,,0.0,,\n")
    analyses = analyze(read([path]))
    assert analyses[0].sentences == ["No model has a clemscore: nothing was played to its end."]
    assert [analysis.letter for analysis in analyses if analysis.figures] == ["", "d"]


def test_ratings() -> None:
    games = [RatedGame("a", "b", 1), RatedGame("b", "a", 0), RatedGame("a", "b", 0), RatedGame("b", "a", 1)] * 10
    (_, rated) = analyze_with(games)
    assert "not clearly above" in rated.sentences[0] and "can't be told from a fair one" in rated.sentences[1]
    assert [table.name for table in rated.tables] == ["ratings", "rating_seats", "rating_by_seat"]
    assert rated.tables[1].frame["seat"].to_list() == ["first"]
    with pytest.raises(UsageError, match="two models"):
        analyze_with([RatedGame("a", "a", 1)])


def analyze_with(games: list[RatedGame]) -> list[Analysis]:
    scores = pl.DataFrame(
        {"model": ["x"], "game": ["g"], "played": [50.0], "quality": [50.0], "deviation": [1.0], "episodes": [10.0]}
    )
    return analyze(Evidence(scores), (), games=games)


def test_a_sentence_is_hedged_as_far_as_its_numbers_are() -> None:
    steady = Sensitivity({"a": 2.0, "b": 4.0}, {"paper": 3.0}, fragile=False)
    turning = Sensitivity({"a": -2.0, "b": 4.0}, {"paper": 3.0, "zero": -1.0}, fragile=True)
    sure = Difference(3.0, (1.0, 5.0), 0.01, 1.0)
    decided = wording.difference_sentence("x", "y", sure, 0.01, steady)
    assert decided == "x lies 3.0 points above y (95 % interval 1.0 to 5.0; p = 0.010)."
    open_ = Difference(3.0, (-1.0, 7.0), 0.05, 5.0, (0.5, 5.5))
    among = wording.difference_sentence("x", "y", open_, 0.2, turning, tests=4)
    assert among.startswith(
        "x lies 3.0 points above y (joint interval −1.0 to 7.0; p = 0.200 by Holm among 4 tests): not resolved"
    )
    assert "(true differences above 5.0 points would have been, four times in five)" in among
    assert among.endswith("fragile: the sign turns without a and by the rule 'zero'.")
    assert "can't be compared" in wording.difference_sentence("x", "y", Difference(), None)
    assert "too few instances" in wording.difference_sentence("x", "y", Difference(2.0), None)


def test_identical_outcomes_are_no_proof_of_equality() -> None:
    same = Difference(0.0, (-34.0, 30.0), 1.0, 45.0, (-28.0, 25.0))
    text = wording.difference_sentence("x", "y", same, 1.0, margin=3)
    assert text == ("no difference is seen between x and y; up to 34.0 points either way are possible (95 % interval).")
    none = wording.difference_sentence("x", "y", Difference(0.0), None)
    assert none == "no difference is seen between x and y, with too few instances for an interval."


@pytest.mark.parametrize(
    ("interval", "within", "adjusted", "words"),
    [
        ((-1.9, -0.1), (-1.8, -0.3), 0.03, "; p = 0.030), equivalent within 3 points (90 % interval −1.8 to −0.3)."),
        ((-2.5, 0.5), (-2.2, 0.2), 0.2, ": equivalent within 3 points"),
        (
            (-5.0, 3.0),
            (-4.3, 2.3),
            0.6,
            "four times in five), and not shown equivalent within 3 points.",
        ),
        ((-9.0, -1.0), (-8.0, -2.0), 0.01, "; p = 0.010)."),
    ],
)
def test_equivalence_is_said_where_the_interval_of_90_percent_lies_within_the_margin(
    interval: tuple[float, float], within: tuple[float, float], adjusted: float, words: str
) -> None:
    difference = Difference(-1.0, interval, adjusted, 4.0, within)
    assert words in wording.difference_sentence("x", "y", difference, adjusted, margin=3)
    assert difference.equivalent(3) is ("equivalent within 3 points (" in words or words.startswith(": equiv"))


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (None, "no clear relation"),
        ((-0.1, 0.5), "no clear relation"),
        ((0.1, 0.9), "at least a weak positive relation"),
        ((-0.9, -0.6), "a strong negative relation"),
    ],
)
def test_a_relation_is_no_stronger_than_its_interval(interval: tuple[float, float] | None, expected: str) -> None:
    rho = sum(interval) if interval else 0.9
    assert wording.strength(rho, interval) == expected


def test_numbers_in_sentences() -> None:
    assert [wording.number(-0.04), wording.number(-1.26), wording.number(None)] == ["0.0", "−1.3", "–"]
    assert [wording.size(0.5), wording.size(1760), wording.size(1e9)] == ["0.5 B", "1,760 B", "1e+09 B"]
