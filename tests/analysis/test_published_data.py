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

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published tables (../shared/data) are not here")


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


def test_all_nine_have_tables_figures_and_sentences(analyses: dict[str, Analysis]) -> None:
    assert list(analyses) == ["scores", *"abcdefghi"]
    for letter, analysis in analyses.items():
        assert analysis.sentences and analysis.tables, letter
        assert analysis.figures, letter
