"""Correlations: exact for few models, and the tables of every value without one model, lineage or game."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from clemsim.analysis.analyze import analyze
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.reading import read
from clemsim.analysis.statistics.correlations import correlation

RESULTS = ["", "taboo", "wordle", "chess"]


@pytest.fixture
def analyses(tmp_path: Path) -> dict[str, Analysis]:
    """Analyse six models in three games, with a benchmark that goes with taboo."""
    rng, games = np.random.default_rng(5), RESULTS[1:]
    header = ["", *(f'"{game}, {what}"' for game in games for what in ("% Played", "Quality Score"))]
    lines, models = [",".join(header)], ["name,parameters,open_weights,mmlu"]
    for index, family in enumerate(("ant", "ant", "bee", "bee", "cow", "cow")):
        cells = [f"{value:.1f}" for value in rng.uniform(10, 90, 5)]
        name = f"{family}-{index + 1}b"
        lines.append(",".join([f"{name}-t0.0--{name}-t0.0", "100", f"{10 * (index + 1)}", *cells[:4]]))
        models.append(f"{name},{index + 1},{'no' if index == 5 else 'yes'},{(index + 1) ** 2}")
    (tmp_path / "results.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "models.csv").write_text("\n".join(models) + "\n")
    (tmp_path / "latency.csv").write_text(
        "model,latency\n" + "".join(f"{row.split(',')[0]},{i}\n" for i, row in enumerate(models))
    )
    return {analysis.key: analysis for analysis in analyze(read([tmp_path]))}


def frame(analysis: Analysis, name: str) -> pl.DataFrame:
    return next(table.frame for table in analysis.tables if table.name == name)


def test_pearson_of_few_pairs_is_exact() -> None:
    x, y = np.array([1.0, 2.0, 4.0, 8.0, 9.0]), np.array([2.0, 1.0, 5.0, 5.0, 7.0])
    own = correlation(x, y)
    rs = [abs(np.corrcoef(x, order)[0, 1]) for order in permutations(y)]
    assert own.r == pytest.approx(stats.pearsonr(x, y).statistic)
    assert own.r_p == pytest.approx(np.mean([r >= own.r - 1e-12 for r in rs]))
    least = correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    assert least.r == pytest.approx(1) and least.r_p == pytest.approx(1 / 3)  # 2 of 3! orders
    assert least.r_interval is None


def test_pearson_of_many_pairs_is_that_of_t() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=30)
    y = x + rng.normal(size=30)
    own, other = correlation(x, y), stats.pearsonr(x, y)
    assert own.r == pytest.approx(other.statistic) and own.r_p == pytest.approx(other.pvalue)
    assert own.r_interval == pytest.approx(tuple(other.confidence_interval()), abs=1e-4)


def test_games_and_benchmarks(analyses: dict[str, Analysis]) -> None:
    rows = {(row["game"], row["score"]): row for row in frame(analyses["j"], "benchmark_correlations").to_dicts()}
    assert len(rows) == 4 + 3 * 3 and {row["n"] for row in rows.values()} == {6}
    taboo = rows["taboo", "quality"]
    assert taboo["spearman"] == pytest.approx(1) and taboo["spearman_p"] == pytest.approx(2 / 720)
    assert rows["taboo", "played"]["pearson"] is None  # all 100
    assert rows["overall", "clemscore"]["p_holm"] == rows["overall", "clemscore"]["spearman_p"]  # one benchmark, one test
    assert taboo["p_holm"] > taboo["spearman_p"]
    pairs = frame(analyses["j"], "game_correlations")
    assert len(pairs) == 3 * 3
    matrix = frame(analyses["j"], "game_matrix_quality").to_dicts()
    assert [row["game"] for row in matrix] == ["1 chess", "2 taboo", "3 wordle"] and matrix[2]["1"] == "6"
    assert matrix[0]["1"] == "" and matrix[0]["3"] != ""
    text = " ".join(analyses["j"].sentences)
    assert "most alike for" in text and "mmlu: Spearman" in text and "treat models as independent" in text


def test_every_value_without_one(analyses: dict[str, Analysis]) -> None:
    rows = frame(analyses["a"], "size_leave_one_out").to_dicts()
    count = {kind: sum(row["kind"] == kind for row in rows) for kind in ("nothing", "model", "lineage", "game")}
    assert count == {"nothing": 1, "model": 6, "lineage": 3, "game": 3}
    fit = frame(analyses["a"], "size_regressions").row(0, named=True)
    assert rows[0]["r_squared"] == pytest.approx(fit["r_squared"])
    influence = {row["model"]: row for row in frame(analyses["a"], "size_without_one").to_dicts()}
    for row in rows[1:7]:
        assert row["slope"] == pytest.approx(influence[row["without"]]["slope_without"])
    scores = frame(analyses["scores"], "scores_without_one")
    assert len(scores) == 6 * 3 and scores["rank"].max() == 6
    without = frame(analyses["e"], "group_without_one").filter(pl.col("kind") == "game")
    differences = {row["model"]: row for row in frame(analyses["e"], "group_differences").to_dicts()}
    for model, row in differences.items():
        own = without.filter(pl.col("model") == model)["difference"]
        assert (own.min(), own.max()) == (row["without_one_game_low"], row["without_one_game_high"])


def test_each_score_and_game_against_size(analyses: dict[str, Analysis]) -> None:
    rows = {(row["game"], row["score"]): row for row in frame(analyses["a"], "size_scores").to_dicts()}
    assert len(rows) == 4 + 3 * 3
    size = np.log(np.arange(1, 7))
    quality = rows["taboo", "quality"]
    assert quality["slope"] == pytest.approx(np.polyfit(size, 10.0 * np.arange(1, 7), 1)[0])
    assert quality["slope_low"] < quality["slope"] < quality["slope_high"] and quality["lineages"] == 3
    assert rows["overall", "clemscore"]["slope_low"] == frame(analyses["a"], "size_coefficients")["cr2_low"][1]


def test_size_and_latency(analyses: dict[str, Analysis]) -> None:
    rows = {row["sample"]: row for row in frame(analyses["h"], "latency_size").to_dicts()}
    assert rows["all"]["n"] == 6 and rows["all"]["spearman"] == pytest.approx(1) and rows["open weights"]["n"] == 5
    assert "closed weights" not in rows


def test_spread_over_traits(analyses: dict[str, Analysis]) -> None:
    rows = {(row["group"], row["score"]): row for row in frame(analyses["g"], "access_kinds").to_dicts()}
    assert rows["open weights", "worth"]["n"] == 5 and rows["closed weights", "clemscore"]["deviation"] is None
