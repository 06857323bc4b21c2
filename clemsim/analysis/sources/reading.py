"""Finds out what each thing named on the command line is, and reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from clemsim.analysis.sources import published, runs, studies
from clemsim.analysis.sources.characteristics import Characteristics, looks_like, read_characteristics
from clemsim.analysis.sources.evidence import Evidence, merged, scores_of
from clemsim.analysis.sources.names import clean
from clemsim.analysis.statistics.rating import RatedGame
from clemsim.errors import UsageError
from clemsim.store.folder import STORE

Decoding = Literal["plain", "constrained", "all"]


def read(
    sources: Sequence[Path],
    characteristics: Sequence[Path] = (),
    suite: str | None = None,
    decoding: Decoding | None = None,
) -> Evidence:
    """Runs, studies, tables, and folders of tables, as one; of runs only those of `suite`, where one is named, and with
    this decoding. Where none is named and there are runs of both kinds, the plain ones: what holds a model's replies to a
    format is no trait of the model.

    In a folder of tables those named `results...` come first, then the others by name: of a model that is in several
    tables the first holds. Characteristics named apart come before those found in a folder. Raises UsageError and
    StoreError.
    """
    parts: list[Evidence] = [Evidence(described=read_characteristics(path)) for path in characteristics]
    wanted, left = _chosen(sources, suite, decoding)
    played: list[Path] = []
    for source in sources:
        if (source / studies.INDEX).is_file():
            rows, notes = studies.members(source)
            rows = [(run, row) for run, row in rows if run in wanted]
            parts += studies.read_members(rows, notes)
            played += [run for run, _ in rows]
        elif (source / STORE).is_file():
            if source in wanted:
                parts.append(runs.read_run(source))
                played.append(source)
        elif source.is_dir():
            parts += _folder(source)
        elif source.is_file():
            parts.append(_table(source, alone=True))
        else:
            raise UsageError(f"{source} is not there: name a run, a study, a table or a folder of tables")
    alike = runs.check_alike(played) if len(played) > 1 else []
    whole = merged([*_unique(parts), Evidence(notes=(*left, *alike))])
    if whole.scores.is_empty():
        where = "" if suite is None else f" with suite {suite}"
        why = "; ".join(whole.notes) or "a run, a study or a table of results is needed"
        raise UsageError(f"nothing was played in what was named{where}: {why}")
    return whole


def _chosen(sources: Sequence[Path], suite: str | None, decoding: Decoding | None) -> tuple[set[Path], list[str]]:
    """The runs to be read, and a note where some are left out for their decoding."""
    settings = {run: runs.setting(run) for source in sources for run in _runs(source)}
    settings = {run: each for run, each in settings.items() if suite in (None, each.suite)}
    if decoding is None:
        decoding = "plain" if len({each.constrained for each in settings.values()}) > 1 else "all"
    wanted = {run for run, each in settings.items() if decoding == "all" or each.constrained == (decoding == "constrained")}
    if len(wanted) == len(settings):
        return wanted, []
    other = "constrained" if decoding == "plain" else "plain"
    return wanted, [f"{len(settings) - len(wanted)} runs with {other} decoding are left out: see --decoding {other}"]


def _runs(source: Path) -> list[Path]:
    if (source / studies.INDEX).is_file():
        return [run for run, _ in studies.members(source)[0]]
    return [source] if (source / STORE).is_file() else []


def read_games(path: Path) -> list[RatedGame]:
    """A table of games between models: `first`, `second`, `score` (of the first: 1, 0 or 0.5), and `instance` if it has one.

    Raises UsageError.
    """
    header, rows = published.rows_of(path)
    if not {"first", "second", "score"} <= set(header):
        raise UsageError(f"{path}: a table of games has the columns first, second and score")
    games = []
    for line, row in enumerate(rows, 2):
        score = published.number(row["score"], f"{path}, line {line}", 1)
        if score is None:
            raise UsageError(f"{path}, line {line}: a game needs a score")
        games.append(RatedGame(row["first"], row["second"], score, row.get("instance", "")))
    return games


def _folder(folder: Path) -> list[Evidence]:
    tables = sorted(folder.glob("*.csv"), key=lambda path: (not path.name.startswith("results"), path.name))
    if not tables:
        raise UsageError(f"{folder} is no run and no study, and holds no tables (*.csv)")
    return [_table(path, alone=False) for path in tables]


def _table(path: Path, *, alone: bool) -> Evidence:
    header, rows = published.rows_of(path)
    if published.is_results(header):
        scores, printed = published.read_results(path, header, rows)
        return Evidence(scores=scores, printed=printed, served=_served(header, rows))
    if published.is_raw(header):
        clusters = published.read_raw(path, rows)
        return Evidence(clusters=clusters, scores=scores_of(clusters))
    if published.is_latency(header) or published.is_tokens(header):
        return Evidence(costs=published.read_costs(path, rows))
    if looks_like(header):
        return Evidence(described=read_characteristics(path))
    if alone:
        raise UsageError(f"{path} is no table that clemsim knows: results.csv, raw.csv, characteristics, latency or tokens")
    return Evidence(notes=(f"{path.name} is no table that is needed, and was not read",))


def _served(header: Sequence[str], rows: Sequence[published.Row]) -> dict[str, str]:
    """Who served each model, where the table has clembench's column `Backend`."""
    backend = next((column for column in header if column.strip() == "Backend"), None)
    if backend is None or "Model Name" not in header:
        return {}
    return {clean(row["Model Name"]): row[backend].strip() for row in rows if row[backend].strip()}


def _unique(parts: Sequence[Evidence]) -> list[Evidence]:
    """The same with models of the same name in several runs told apart by a number."""
    seen: dict[str, int] = {}
    found = []
    for part in parts:
        played = part.clusters["model"].unique(maintain_order=True).to_list()
        again = {}
        for model in played:
            seen[model] = seen.get(model, 0) + 1
            if seen[model] > 1:
                again[model] = f"{model} #{seen[model]}"
        found.append(_renamed(part, again) if again else part)
    return found


def _renamed(part: Evidence, names: dict[str, str]) -> Evidence:
    def new(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col("model").replace(names))

    described: dict[str, Characteristics] = {names.get(name, name): facts for name, facts in part.described.items()}
    notes = (*part.notes, *(f"{old} was played more than once; this one is called {name}" for old, name in names.items()))
    return Evidence(new(part.scores), new(part.printed), new(part.clusters), described, part.served, new(part.costs), notes)
