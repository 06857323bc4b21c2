"""The published data of the paper: both regressions to every printed digit, and other known facts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from clemsim.analysis.analyze import analyze
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.sources.reading import read

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = [  # the values that the paper prints are held by the quicker tests/cli/test_paper_values.py, too
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the published tables (../shared/data) are not here"),
]


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return read([DATA])


@pytest.fixture(scope="module")
def analyses(evidence: Evidence) -> dict[str, Analysis]:
    return {analysis.key: analysis for analysis in analyze(evidence)}


def frame(analysis: Analysis, name: str) -> pl.DataFrame:
    return next(table.frame for table in analysis.tables if table.name == name)


def test_the_join_holds_the_models_of_the_paper(evidence: Evidence) -> None:
    known = evidence.facts.filter(pl.col("parameters").is_not_null())
    assert (len(evidence.facts), len(known)) == (45, 39)
    assert len(known.filter(pl.col("training_tokens").is_not_null())) == 17
    assert evidence.facts.filter(pl.col("model") == "gemini-1.5-pro-latest")["clemscore"][0] == 41.9  # of results_main.csv


@pytest.mark.parametrize(
    ("formula", "r_squared", "f", "freedom", "p", "coefficients"),
    [
        ("clemscore ~ ln(P)", "0.571", "19.94", (1, 15), "0.000453", [("-2.8970", "4.266"), ("5.4638", "1.224")]),
        (
            *("clemscore ~ ln(P) + ln(D)", "0.681", "14.95", (2, 14), "0.000335"),
            [("-7.2890", "4.297"), ("4.4477", "1.185"), ("5.5604", "2.525")],
        ),
    ],
)
def test_the_published_regressions(
    analyses: dict[str, Analysis],
    formula: str,
    r_squared: str,
    f: str,
    freedom: tuple[int, int],
    p: str,
    coefficients: list[tuple[str, str]],
) -> None:
    chosen = (pl.col("formula") == formula) & (pl.col("sample") == "with parameters and training data")
    row = frame(analyses["a"], "size_regressions").filter(chosen).row(0, named=True)
    assert (row["n"], row["df_model"], row["df_residual"]) == (17, *freedom)
    assert (f"{row['r_squared']:.3f}", f"{row['f']:.2f}", f"{row['p']:.6f}") == (r_squared, f, p)
    terms = frame(analyses["a"], "size_coefficients").filter(chosen)
    assert [(f"{b:.4f}", f"{se:.3f}") for b, se in terms.select("estimate", "error").iter_rows()] == coefficients


def test_the_fit_depends_on_one_model(analyses: dict[str, Analysis]) -> None:
    rows = frame(analyses["a"], "size_without_one").filter(
        (pl.col("formula") == "clemscore ~ ln(P)") & (pl.col("sample") == "with parameters and training data")
    )
    lowest = rows.sort("r_squared_without").row(0, named=True)
    assert (lowest["model"], f"{lowest['r_squared_without']:.2f}") == ("gemini-1.5-pro-latest", "0.40")
    assert any("without gemini-1.5-pro-latest 0.40" in sentence for sentence in analyses["a"].sentences)


def test_a_quantised_model_beats_the_full_one_by_one_episode(analyses: dict[str, Analysis]) -> None:
    rows = frame(analyses["f"], "quantisation_differences")
    row = rows.filter(pl.col("model") == "meta-llama-3-70b-instruct-gguf-q8").row(0, named=True)
    assert row["reference"] == "meta-llama-3-70b-instruct-hf" and row["difference"] == pytest.approx(38.88 - 35.11, abs=0.02)
    assert row["fragile"] and "imagegame" in row["turned_by"] and row["verdict"] == "undecided"
    assert row["common_games"] == pytest.approx(-2.69, abs=0.05) and row["common_quality"] == pytest.approx(-2.15, abs=0.05)
    assert set(rows["model"]) == {
        *(f"meta-llama-3-{size}-instruct-gguf-{bits}" for size in ("8b", "70b") for bits in ("q4", "q8")),
        *("c4ai-command-r-plus-gguf-q4", "c4ai-command-r-plus-gguf-q8"),
    }


def test_access_is_through_four_ways(analyses: dict[str, Analysis]) -> None:
    rows = frame(analyses["g"], "access_differences").filter(pl.col("group") == "access: llama-3-70b-instruct")
    assert set(rows["model"]) == {"llama-3-70b-groq", "llama-3-70b-together.ai", "llama-3-70b-instruct-anyscale"}
    assert set(rows["reference"]) == {"meta-llama-3-70b-instruct-hf"}


def test_buckets(analyses: dict[str, Analysis]) -> None:
    assert frame(analyses["b"], "buckets").select("bucket", "n").rows() == [
        *(("(0,6]", 3), ("(6,10]", 11), ("(10,60]", 8), ("(60,100]", 6)),
        *(("(100,200]", 4), ("(200,1000]", 0), ("(1000,2000]", 7)),
    ]


def test_printed_averages_are_what_the_games_give(evidence: Evidence) -> None:
    assert not [note for note in evidence.left_out() if "its table prints" in note]
    notes = "\n".join(evidence.left_out())
    assert "privateshared was not run with command-r-plus, command-r" in notes
    assert "selected_models.csv is no table that is needed" in notes


def test_all_ten_have_tables_figures_and_sentences(analyses: dict[str, Analysis]) -> None:
    assert list(analyses) == ["scores", *"abcdefghijk"]
    assert analyses["k"].sentences[0].startswith("No two agents here differ")  # nobody was told how to think
    for letter in ("scores", *"abcdefghij"):
        assert analyses[letter].sentences and analyses[letter].tables, letter
        assert analyses[letter].figures, letter


def test_differences_of_the_paper(analyses: dict[str, Analysis]) -> None:
    by_game = {(row["model"], row["game"]): row for row in frame(analyses["f"], "quantisation_by_game").to_dicts()}
    assert by_game["meta-llama-3-8b-instruct-gguf-q4", "referencegame"]["played"] == pytest.approx(-99.44, abs=0.005)
    rows = {row["model"]: row for row in frame(analyses["f"], "quantisation_differences").to_dicts()}
    assert rows["meta-llama-3-70b-instruct-gguf-q8"]["never_played_as_0"] == pytest.approx(8.792, abs=0.0005)
    assert rows["meta-llama-3-70b-instruct-gguf-q8"]["without_one_game_low"] == pytest.approx(-2.686, abs=0.0005)
    assert rows["c4ai-command-r-plus-gguf-q4"]["common_games"] == pytest.approx(-6.66, abs=0.005)
    access = {row["model"]: row["difference"] for row in frame(analyses["g"], "access_differences").to_dicts()}
    assert [round(access[name], 2) for name in ("llama-3-70b-groq", "llama-3-70b-together.ai")] == [4.23, 0.09]
    parts = frame(analyses["f"], "quantisation_parts").filter(pl.col("verdict") == "lower")
    assert {"meta-llama-3-8b-instruct-gguf-q4", "c4ai-command-r-plus-gguf-q4"} == set(parts["model"])  # of %Played
    assert set(parts["score"]) == {"played"}


def test_size_without_a_lineage_and_by_game(analyses: dict[str, Analysis]) -> None:
    checks = {row["sample"]: row for row in frame(analyses["a"], "size_checks").to_dicts()}
    assert (f"{checks['without gpt']['slope']:.1f}", f"{checks['without gpt']['r_squared']:.2f}") == ("4.8", "0.51")
    slopes = {row["game"]: row for row in frame(analyses["a"], "size_by_game").to_dicts()}
    assert (f"{slopes['referencegame']['slope']:.1f}", f"{slopes['privateshared']['slope']:.1f}") == ("2.2", "12.6")
    mean = slopes["mean, games as a sample"]
    assert (f"{mean['low']:.1f}", f"{mean['high']:.1f}") == ("2.5", "9.8")
    unpublished = next(
        note for note in analyses["a"].left_out if note.startswith("of 9 models the size was never published")
    )
    assert "gpt-4o-2024-05-13" in unpublished


def test_no_model_is_unbeaten_for_want_of_a_game(analyses: dict[str, Analysis]) -> None:
    costs = {row["model"]: row for row in frame(analyses["h"], "costs").to_dicts()}
    assert (
        costs["command-r-plus"]["tokens_a_played_episode"] is None and costs["command-r-plus"]["unbeaten_by_tokens"] is None
    )
    assert costs["gpt-4-1106-preview"]["unbeaten_by_tokens"] is True


def test_ranks_are_known_in_part(analyses: dict[str, Analysis]) -> None:
    rows = frame(analyses["scores"], "scores").to_dicts()
    for row in rows:
        assert row["rank_low"] <= row["rank"] <= row["rank_high"]
    assert [row["tier"] for row in rows] == sorted(row["tier"] for row in rows) and rows[-1]["tier"] < 20


def test_a_date_far_from_all_others_is_named(analyses: dict[str, Analysis]) -> None:
    assert any("tulu-2-dpo-70b" in note and "check the release date" in note for note in analyses["i"].left_out)
