"""clembench's tables, as `clem eval` writes them and as its leaderboard reads them.

`raw.csv` has a row for each metric of an episode, `results.csv` one for each model: %Played and the mean of the defined main
scores of each game, their unweighted means over games, and clemscore, each stage rounded to two decimals. The leaderboard
reads from `benchmark_runs.json` which versions there are, and the results of each from a folder of its name.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from math import fsum

from clemsim._util.files import dump_json
from clemsim.interop.clembench.recorded import MAIN

ABORTED, PLAYED = "Aborted", "Played"
RESULTS, RAW, RUNS = "results.csv", "raw.csv", "benchmark_runs.json"
PERCENT, QUALITY = "% Played", "Quality Score"

RawRow = tuple[str, str, str, str, str, float | None]  # game, model, experiment, episode, metric, value


@dataclass(slots=True)
class ResultTables:
    """Gathers the scores of episodes."""

    rows: list[RawRow] = field(default_factory=list)

    def add(self, model: str, game: str, experiment: str, episode: str, scores: Mapping[str, float | None]) -> None:
        """Add an episode."""
        self.rows += [(game, model, experiment, episode, metric, value) for metric, value in scores.items()]

    def files(self, version: str, day: str) -> dict[str, str | bytes]:
        """Return the tables by their paths. `version`: what they are of, such as `v3.0`; `day`: in ISO format."""
        results = self.results()
        runs = {"versions": [{"version": version, "release_date": day, "last_updated": day}]}
        return {RESULTS: results, RAW: self.raw(), RUNS: dump_json(runs) + b"\n", f"{version}/{RESULTS}": results}

    def raw(self) -> str:
        """Return `raw.csv`. What was played follows after all else, as clembench computes it."""
        played: list[RawRow] = [
            (game, model, experiment, episode, PLAYED, None if value is None else 1 - value)
            for game, model, experiment, episode, metric, value in self.rows
            if metric == ABORTED
        ]
        header = ("", "game", "model", "experiment", "episode", "metric", "value")
        rows = enumerate([*self.rows, *played])
        return _csv([header, *((str(number), *row[:5], _cell(row[5])) for number, row in rows)])

    def results(self) -> str:
        """Return `results.csv`."""
        cells = self._cells()
        columns = sorted({column for own in cells.values() for column in own if column[0] != "-"})
        header = ("", "-, clemscore", *(", ".join(column) for column in columns))
        names = [("-", "clemscore"), *columns]
        return _csv([header, *((model, *(_cell(own.get(name)) for name in names)) for model, own in sorted(cells.items()))])

    def _cells(self) -> dict[str, dict[tuple[str, str], float | None]]:
        """Return the cells of each model by game and metric."""
        values: dict[str, dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
        for game, model, _, _, metric, value in self.rows:
            if metric == ABORTED and value is not None:
                values[model][game, PERCENT].append(1 - value)
            elif metric == MAIN:
                values[model][game, QUALITY] += [] if value is None else [value]
        return {model: _row(own) for model, own in values.items()}


def _row(values: Mapping[tuple[str, str], Sequence[float]]) -> dict[tuple[str, str], float | None]:
    row: dict[tuple[str, str], float | None] = {}
    for (game, metric), own in values.items():
        mean = _mean(own)
        row[game, metric] = _rounded(mean * 100 if mean is not None and metric == PERCENT else mean)
    for metric in (PERCENT, QUALITY):
        defined = [value for (_, name), value in row.items() if name == metric and value is not None]
        row["all", f"Average {metric}"] = _rounded(_mean(defined))
    played, quality = row["all", f"Average {PERCENT}"], row["all", f"Average {QUALITY}"]
    row["-", "clemscore"] = None if played is None or quality is None else _rounded(played / 100 * quality)
    return row


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    """Round to two decimals as numpy does."""
    return None if value is None else round(value * 100) / 100


def _cell(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
