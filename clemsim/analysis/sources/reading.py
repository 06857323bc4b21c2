"""Recognises each source that a user names, and reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from clemsim.analysis.sources import Decoding, published, runs, studies
from clemsim.analysis.sources.characteristics import is_characteristics, read_characteristics, read_outside
from clemsim.analysis.sources.evidence import Evidence, merge, scores_of
from clemsim.analysis.sources.names import clean
from clemsim.analysis.statistics.rating import RatedGame
from clemsim.errors import UsageError
from clemsim.store.folder import STORE

DECODING: dict[bool, Decoding] = {False: "plain", True: "constrained"}  # of a run, by whether it is constrained


def read(
    sources: Sequence[Path],
    characteristics: Sequence[Path] = (),
    suite: str | None = None,
    decoding: Decoding | None = None,
) -> Evidence:
    """Read runs, studies, tables, and folders of tables into one Evidence.

    Of runs, only those of `suite` (None: all) with this `decoding` are read. Without `decoding`, and with runs of both
    kinds, the plain ones are read: a grammar that constrains replies is no trait of the model.

    In a folder of tables those named `results...` come first, then the others by name: of a model that is in several
    tables the first holds. `characteristics` come before those found in a folder. Raises UsageError and StoreError.
    """
    parts = [_described(path) for path in characteristics]
    wanted, left_out = _chosen(sources, suite, decoding)
    played: list[Path] = []
    for source in sources:
        if (source / studies.INDEX).is_file():
            listed, notes = studies.listed_runs(source)
            listed = [run for run in listed if run.folder in wanted]
            parts += studies.read_listed(listed, notes)
            played += [run.folder for run in listed]
        elif (source / STORE).is_file():
            if source in wanted:
                parts.append(runs.read_run(source))
                played.append(source)
        elif source.is_dir():
            parts += _folder(source)
        elif source.is_file():
            parts.append(_table(source, alone=True))
        else:
            raise UsageError(f"{source} does not exist: name a run, a study, a table or a folder of tables")
    notes = runs.check_alike(played) if len(played) > 1 else []
    evidence = merge([*_with_unique_names(parts), Evidence(notes=(*left_out, *notes))])
    if evidence.scores.is_empty():
        condition = "" if suite is None else f" with suite {suite}"
        reason = "; ".join(evidence.notes) or "a run, a study or a table of results is needed"
        raise UsageError(f"nothing was played in what was named{condition}: {reason}")
    return evidence


def _chosen(sources: Sequence[Path], suite: str | None, decoding: Decoding | None) -> tuple[set[Path], list[str]]:
    """Return the runs to be read, and a note where some are left out for their decoding."""
    settings = {run: runs.setting(run) for source in sources for run in _runs(source)}
    constrained = {run: about.constrained for run, about in settings.items() if suite in (None, about.suite)}
    if decoding is None:
        decoding = "plain" if len(set(constrained.values())) > 1 else "all"
    wanted = {run for run, is_constrained in constrained.items() if decoding in ("all", DECODING[is_constrained])}
    if len(wanted) == len(constrained):
        return wanted, []
    other = DECODING[decoding == "plain"]
    return wanted, [f"{len(constrained) - len(wanted)} runs with {other} decoding are left out: see --decoding {other}"]


def _runs(source: Path) -> list[Path]:
    if (source / studies.INDEX).is_file():
        return [run.folder for run in studies.listed_runs(source)[0]]
    return [source] if (source / STORE).is_file() else []


def read_games(path: Path) -> list[RatedGame]:
    """Read a table of games between models: `first`, `second`, `score` (of the first: 1, 0 or 0.5), and `instance` if the
    table has it. Raises UsageError naming the line that cannot be read.
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
    if is_characteristics(header):
        return _described(path)
    if alone:
        raise UsageError(
            f"{path} is no table that clemsim knows: results.csv, raw.csv, characteristics, latency or tokens, or scores in"
            " the columns model, item, score"
        )
    return Evidence(notes=(f"{path.name} is no table that is needed, and was not read",))


def _described(path: Path) -> Evidence:
    return Evidence(described=read_characteristics(path), outside=read_outside(path))


def _served(header: Sequence[str], rows: Sequence[published.Row]) -> dict[str, str]:
    """Return the access of each model, where the table has clembench's column `Backend`."""
    backend = next((column for column in header if column.strip() == "Backend"), None)
    if backend is None or "Model Name" not in header:
        return {}
    return {clean(row["Model Name"]): row[backend].strip() for row in rows if row[backend].strip()}


def _with_unique_names(parts: Sequence[Evidence]) -> list[Evidence]:
    """Return the same parts, in which models of the same name in several runs are numbered."""
    counts: Counter[str] = Counter()
    unique = []
    for part in parts:
        models = part.clusters["model"].unique(maintain_order=True).to_list()
        counts.update(models)
        names = {model: f"{model} #{counts[model]}" for model in models if counts[model] > 1}
        unique.append(_rename(part, names) if names else part)
    return unique


def _rename(part: Evidence, names: Mapping[str, str]) -> Evidence:
    frames = (part.scores, part.printed, part.clusters, part.costs, part.spent, part.turns, part.languages)
    scores, printed, clusters, costs, spent, turns, languages = (
        frame.with_columns(pl.col("model").replace(names)) for frame in frames
    )
    described = {names.get(name, name): facts for name, facts in part.described.items()}
    how = ", with constrained decoding" if "constrained" in part.decoding.values() else ""
    notes = (
        *part.notes,
        *(f"{old} was played more than once; this one{how} is called {name}" for old, name in names.items()),
    )
    decoding = {names.get(model, model): how for model, how in part.decoding.items()}
    repetitions = {names.get(model, model): own for model, own in part.repetitions.items()}
    columns = (scores, printed, clusters, described, part.served, costs, notes, decoding, spent, repetitions)
    return Evidence(*columns, outside=part.outside, turns=turns, languages=languages)
