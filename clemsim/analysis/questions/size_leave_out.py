"""Size against clemscore without each model, each lineage and each game in turn: every value, not only the extremes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from clemsim.analysis.questions.correlation_tables import correlated
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers, averages

COLUMNS = {
    **dict.fromkeys(("kind", "without"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("slope", "r_squared", "pearson", "spearman"), pl.Float64),
}


def leave_out_table(evidence: Evidence, known: pl.DataFrame) -> pl.DataFrame:
    """Return the fit of clemscore to ln(P) and their correlations over the models in `known`: first with all of them, then
    without each model, each lineage and each game. clemscore without a game is computed from the other games.
    """
    names, size, score = known["model"].to_list(), np.log(known["parameters"].to_numpy()), known["clemscore"].to_numpy()
    lineages = [evidence.lineage(model) for model in names]
    rows = [("nothing", "", *_fit(size, score))]
    for index, name in enumerate(names):
        rest = np.arange(len(names)) != index
        rows.append(("model", name, *_fit(size[rest], score[rest])))
    for name in dict.fromkeys(lineages):
        rest = np.array([own != name for own in lineages])
        rows.append(("lineage", name, *_fit(size[rest], score[rest])))
    for game, without in _without_games(evidence, names):
        has = ~np.isnan(without)
        rows.append(("game", game, *_fit(size[has], without[has])))
    return pl.DataFrame(rows, COLUMNS, orient="row")


def _without_games(evidence: Evidence, models: list[str]) -> Iterator[tuple[str, Numbers]]:
    """Yield each game and the clemscores without it: 0 for a model that never played, NaN for one that ran no other game."""
    sample = evidence.sample.only(models)
    if len(sample.games) < 2:
        return
    for index, game in enumerate(sample.games):
        rest = averages(np.delete(sample.played, index, axis=1), np.delete(sample.quality, index, axis=1))
        yield game, np.where(np.isnan(rest.clemscore) & (rest.played == 0), 0.0, rest.clemscore)


def _fit(x: Numbers, y: Numbers) -> tuple[int, float | None, float | None, float | None, float | None]:
    found = correlated(x.tolist(), y.tolist())
    if found is None:
        return len(x), None, None, None, None
    return len(x), found.r * float(y.std() / x.std()), found.r**2, found.r, found.ranks.rho
