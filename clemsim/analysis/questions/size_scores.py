"""Size against each score: %Played, Quality, worth and clemscore over all games, and the first three of each game."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from clemsim.analysis.questions.correlation_tables import cells_of, correlated
from clemsim.analysis.questions.size_fits import FEWEST, LN_P
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.clustered import clustered_coefficients
from clemsim.analysis.wording import interval_text, number
from clemsim.results.estimates import Score

OVERALL: tuple[Score, ...] = ("clemscore", "played", "quality", "worth")
IN_GAME: tuple[Score, ...] = ("played", "quality", "worth")
NAMES = {"played": "%Played", "quality": "Quality", "worth": "worth", "clemscore": "clemscore"}
BRIEF = ("game", "score", "n", "slope", "slope_low", "slope_high", "pearson", "spearman")  # columns of a terminal


def score_table(evidence: Evidence, known: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each score over all games and of each game, over the models with a known size that have it.

    `slope`: points for each unit of ln(P), with its interval and p value clustered by lineage (none for fewer than three
    lineages). Correlations are with ln(P), and as if models were independent. Quality over all games is 0 for models that
    never played a game to its end; of one game it is not known for models that did not play that.
    """
    models = known["model"].to_list()
    rows = []
    for game, score, values in _scores(evidence, known, models):
        pairs = [(size, value, model) for size, value, model in zip(known["parameters"], values, models, strict=True)
                 if value is not None]  # fmt: skip
        x, y = np.log([size for size, *_ in pairs]), np.array([value for _, value, _ in pairs], dtype=float)
        lineages = [evidence.lineage(model) for *_, model in pairs]
        row = {"game": game, "score": score, "n": len(pairs), "lineages": len(set(lineages))}
        row |= dict.fromkeys(("slope", "slope_low", "slope_high", "slope_p"))
        if len(pairs) >= FEWEST and np.ptp(x) > 0:
            row["slope"] = float(np.polyfit(x, y, 1)[0])
            if clustered := clustered_coefficients(y, {LN_P: x}, lineages):
                row |= dict(zip(("slope_low", "slope_high"), clustered[1].interval, strict=True), slope_p=clustered[1].p)
        rows.append({**row, **cells_of(correlated(x.tolist(), y.tolist()))})
    return pl.DataFrame(rows, infer_schema_length=None)


def score_sentences(table: pl.DataFrame) -> list[str]:
    """Say how %Played and Quality go with size, each by itself."""
    rows = {row["score"]: row for row in table.filter(pl.col("game") == "overall").to_dicts()}
    parts = [_part(rows[score]) for score in ("played", "quality") if rows[score]["pearson"] is not None]
    return [f"Over all games, against the logarithm of size: {'; '.join(parts)}."] if parts else []


def _part(row: dict[str, float]) -> str:
    ends = (row["slope_low"], row["slope_high"])
    slope = f"slope {number(row['slope'])}, {interval_text(None if None in ends else ends)}"
    return f"{NAMES[str(row['score'])]} {slope} (Pearson {number(row['pearson'], 2)}, Spearman {number(row['spearman'], 2)})"


def _scores(evidence: Evidence, known: pl.DataFrame, models: list[str]) -> Iterator[tuple[str, str, list[float | None]]]:
    """Yield each score over games and of each game, with its value for each model."""
    estimates = evidence.sample.estimates
    for score in OVERALL:
        worth = [estimates[model].value("worth") for model in models]
        yield "overall", score, worth if score == "worth" else known[score].to_list()
    for game in evidence.games:
        for score in IN_GAME:
            yield game, score, [estimates[model].of_game(game).value(score) for model in models]
