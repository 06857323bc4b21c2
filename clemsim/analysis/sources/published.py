"""clembench's tables: `results.csv` (one row a model), `raw.csv` (one row a metric of an episode), latency and tokens."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from clemsim._util.files import check_regular, reading_file
from clemsim.analysis.sources.names import clean
from clemsim.errors import UsageError

PLAYED, QUALITY, DEVIATION = ", % Played", ", Quality Score", ", Quality Score (std)"
# Episodes of each game in clembench v1.6; its results.csv does not state them.
COMPOSITION = {
    "taboo": 60,
    "wordle": 30,
    "wordle_withclue": 30,
    "wordle_withcritic": 30,
    "imagegame": 40,
    "referencegame": 180,
    "privateshared": 50,
}
SCORES = {"model": pl.String, "game": pl.String, **dict.fromkeys(("played", "quality", "deviation", "episodes"), pl.Float64)}
OVERALL = {"model": pl.String, **dict.fromkeys(("played", "quality", "clemscore"), pl.Float64)}
EPISODES = {
    **dict.fromkeys(("model", "game", "instance"), pl.String),
    **dict.fromkeys(("episodes", "played", "scored", "total"), pl.Float64),
}
SPENT = {**dict.fromkeys(("model", "game"), pl.String), "tokens": pl.Float64, "cost": pl.Float64}
COSTS = {"model": pl.String, **dict.fromkeys(("latency", "tokens_in", "tokens_out"), pl.Float64)}

Row = Mapping[str, str]


def rows_of(path: Path) -> tuple[list[str], list[Row]]:
    """Return the header and the rows of a CSV table. Raises UsageError."""
    check_regular(path)
    try:
        with reading_file(path), path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows: list[Row] = [{key: value or "" for key, value in row.items() if key is not None} for row in reader]
            return list(reader.fieldnames or ()), rows
    except csv.Error as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def is_results(header: Sequence[str]) -> bool:
    """Return whether this is the header of a table of results."""
    return any(column.endswith(PLAYED) for column in header)


def is_raw(header: Sequence[str]) -> bool:
    """Return whether this is the header of a table with every metric of each episode."""
    return {"game", "model", "episode", "metric", "value"} <= set(header)


def is_latency(header: Sequence[str]) -> bool:
    """Return whether this is the header of a table of latencies."""
    return {"model", "latency"} <= set(header)


def is_tokens(header: Sequence[str]) -> bool:
    """Return whether this is the header of a table of tokens."""
    return "model" in header and any(column.startswith("total_output") for column in header)


def read_results(path: Path, header: Sequence[str], rows: Iterable[Row]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return scores by model and game, and the printed averages by model (None where none is printed).

    Raises UsageError naming the line that cannot be read.
    """
    games = [column.removesuffix(PLAYED) for column in header if column.endswith(PLAYED)]
    scores, overall, models_read = [], [], set()
    for line, row in enumerate(rows, 2):
        model, where = clean(_name(row)), f"{path}, line {line}"
        if not model or model in models_read:
            raise UsageError(f"{where}: {f'{model} appears twice' if model else 'a row needs the name of a model'}")
        models_read.add(model)
        for game in games:
            played = number(row.get(f"{game}{PLAYED}", ""), where, 100)
            quality = number(row.get(f"{game}{QUALITY}", ""), where, 100)
            deviation = number(row.get(f"{game}{DEVIATION}", ""), where)
            if played is not None or quality is not None:
                scores.append((model, game, played, quality, deviation, float(COMPOSITION.get(game, 0)) or None))
        printed = (row.get("all, Average % Played"), row.get("all, Average Quality Score"), _clemscore(row))
        overall.append((model, *(number(value or "", where, 100) for value in printed)))
    return pl.DataFrame(scores, SCORES, orient="row"), pl.DataFrame(overall, OVERALL, orient="row")


def read_raw(path: Path, rows: Iterable[Row]) -> pl.DataFrame:
    """Return clusters by model, game and instance: the number of episodes, of those played and scored, and the sum of their
    main scores. Raises UsageError naming the line that cannot be read.

    The instance of an episode is its experiment and number; an episode without the metric `Aborted` is unfinished and
    left out.
    """
    metrics_by_episode: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for line, row in enumerate(rows, 2):
        if row["metric"] in ("Aborted", "Main Score"):
            key = (clean(row["model"]), row["game"], f"{row.get('experiment', '')}/{row['episode']}")
            metrics_by_episode.setdefault(key, {})[row["metric"]] = number(row["value"], f"{path}, line {line}", 100)
    clusters = []
    for key, metrics in metrics_by_episode.items():
        if (aborted := metrics.get("Aborted")) is not None:
            score = metrics.get("Main Score")
            clusters.append((*key, 1.0, 1 - aborted, float(score is not None), score or 0.0))
    return pl.DataFrame(clusters, EPISODES, orient="row")


def read_costs(path: Path, rows: Iterable[Row]) -> pl.DataFrame:
    """Return latency (seconds a request) or tokens (millions in and out, of all games), by model. Raises UsageError."""
    costs = []
    for line, row in enumerate(rows, 2):
        values = (row.get("latency"), row.get("total_input (mln)"), row.get("total_output (mln)"))
        costs.append((clean(row["model"]), *(number(value or "", f"{path}, line {line}") for value in values)))
    return pl.DataFrame(costs, COSTS, orient="row")


def number(text: str, where: str, most: float = math.inf) -> float | None:
    """Parse a number from 0 to `most`; None for an empty cell or NaN. Raises UsageError that begins with `where`."""
    if not text.strip() or text.strip().lower() in ("nan", "none", "null"):
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(f"{where}: {text!r} is no number") from error
    if not 0 <= value <= most:
        raise UsageError(f"{where}: {text} is not between 0 and {most:g}")
    return value


def _name(row: Row) -> str:
    """Return the model of a row: the value of a column without a name, or of one of clembench's columns."""
    return next((row[column] for column in ("", "model", "cllm_pairs", "Model Name") if row.get(column)), "")


def _clemscore(row: Row) -> str | None:
    return next((row[column] for column in ("-, clemscore", "clemscore", "all, clemscore") if row.get(column)), None)
