"""Reads studies into evidence: the runs that an index lists, and the characteristics that it gives of their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from clemsim._util.files import read_toml
from clemsim.analysis.sources.characteristics import parse_characteristics
from clemsim.analysis.sources.evidence import Evidence, join_names, scores_of
from clemsim.analysis.sources.runs import read_run
from clemsim.analysis.sources.thinking import KEYS, TURNS
from clemsim.errors import UsageError
from clemsim.results.repetitions import joined
from clemsim.store.folder import STORE

INDEX = "index.toml"
KEY = ("model", "game", "instance")


@dataclass(frozen=True)
class ListedRun:
    """A run that an index lists: its folder, and the model that played it with its characteristics (cells by field)."""

    folder: Path
    model: str | None
    characteristics: Mapping[str, Any]


def listed_runs(folder: Path) -> tuple[list[ListedRun], list[str]]:
    """Return the runs that `index.toml` lists, and notes on those left out: runs that have not been played, and pairings,
    in which no model plays with itself.

    Raises UsageError where the index cannot be read.
    """
    index = read_toml(folder / INDEX)
    runs: list[ListedRun] = []
    absent, pairs = [str(row.get("run")) for row in index.get("missing", [])], []
    for row in run_rows(folder, index):
        if not (folder / row["run"] / STORE).is_file():
            absent.append(row["run"])
        elif "seats" in row or "players" in row:
            pairs.append(row["run"])
        else:
            runs.append(ListedRun(folder / row["run"], row.get("model"), row.get("characteristics") or {}))
    notes = [f"members that have not been played are left out: {join_names(absent)}"] if absent else []
    return runs, notes + ([f"pairings of several models are left out: {join_names(pairs)}"] if pairs else [])


def run_rows(folder: Path, index: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the runs that an index lists. Raises UsageError where one is none."""
    rows = index.get("member")
    if not isinstance(rows, list) or not rows:
        raise UsageError(f"{folder / INDEX} lists no runs: it needs a [[member]] with run and model")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("run"), str):
            raise UsageError(f"{folder / INDEX}, member {number}: name its run")
    return rows


def read_listed(runs: Sequence[ListedRun], notes: Sequence[str]) -> list[Evidence]:
    """Read runs into evidence. Several runs of one model are merged as repetitions of the same instances.

    Raises UsageError and StoreError.
    """
    played: dict[tuple[tuple[str, str], ...], list[Evidence]] = {}
    for run in runs:
        part = read_run(run.folder, run.model, parse_characteristics(run.characteristics, str(run.folder)))
        played.setdefault(tuple(part.decoding.items()), []).append(part)
    return [Evidence(notes=tuple(notes)), *(_repetitions(parts) for parts in played.values())]


def _repetitions(parts: Sequence[Evidence]) -> Evidence:
    """Merge several runs of one model."""
    if len(parts) == 1:
        return parts[0]
    clusters = pl.concat([part.clusters for part in parts]).group_by(KEY, maintain_order=True).sum()
    costs = pl.concat([part.costs for part in parts]).group_by("model", maintain_order=True)
    spent = costs.agg(pl.col("latency").mean(), pl.col("tokens_in", "tokens_out").sum())
    models = join_names(clusters["model"].unique(maintain_order=True).to_list())
    notes = [note for part in parts for note in part.notes]
    notes.append(f"{models}: {len(parts)} runs, taken as repetitions of the same instances")
    return Evidence(
        scores_of(clusters),
        clusters=clusters,
        described=parts[0].described,
        costs=spent,
        notes=tuple(notes),
        decoding=parts[0].decoding,
        spent=pl.concat([part.spent for part in parts])
        .group_by("model", "game", maintain_order=True)
        .agg(pl.col("tokens").sum(), pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost").sum()).alias("cost")),
        turns=_turns(parts),
        languages=pl.concat([part.languages for part in parts]),
        repetitions={
            model: joined([part.repetitions[model] for part in parts if model in part.repetitions])
            for model in parts[0].repetitions
        },
    )


def _turns(parts: Sequence[Evidence]) -> pl.DataFrame:
    """Return the turns of several runs of one model together; a sum is null where any part of it is."""
    sums = [
        pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name) for name in TURNS if name not in KEYS
    ]
    return pl.concat([part.turns for part in parts]).group_by(*KEYS, maintain_order=True).agg(*sums)
