"""Studies as evidence: the runs that an index lists, and what it says of their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from clemsim._util.files import read_toml
from clemsim.analysis.sources.characteristics import checked
from clemsim.analysis.sources.evidence import Evidence, listed, scores_of
from clemsim.analysis.sources.runs import read_run
from clemsim.errors import UsageError
from clemsim.store.folder import STORE

INDEX = "index.toml"
KEY = ("model", "game", "instance")


def members(folder: Path) -> tuple[list[tuple[Path, Mapping[str, Any]]], list[str]]:
    """The runs that `index.toml` lists, each with what it says of it, and notes on what is left out: runs that are not
    there, and pairings, in which no model plays with itself.

    Raises UsageError where the index can't be read.
    """
    index = read_toml(folder / INDEX)
    rows = index.get("member")
    if not isinstance(rows, list) or not rows:
        raise UsageError(f"{folder / INDEX} lists no runs: it needs a [[member]] with run and model")
    found: list[tuple[Path, Mapping[str, Any]]] = []
    absent, pairs = [str(row.get("run")) for row in index.get("missing", [])], []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("run"), str):
            raise UsageError(f"{folder / INDEX}, member {number}: name its run")
        if not (folder / row["run"] / STORE).is_file():
            absent.append(row["run"])
        elif "seats" in row or "players" in row:
            pairs.append(row["run"])
        else:
            found.append((folder / row["run"], row))
    notes = [f"members that have not been played are left out: {listed(absent)}"] if absent else []
    return found, notes + ([f"pairings of several models are left out: {listed(pairs)}"] if pairs else [])


def read_members(rows: Sequence[tuple[Path, Mapping[str, Any]]], notes: Sequence[str]) -> list[Evidence]:
    """Those runs as evidence. Several runs of one model are repetitions of the same instances, and are put together.

    Raises UsageError and StoreError.
    """
    parts = [read_run(run, row.get("model"), checked(row.get("characteristics") or {}, str(run))) for run, row in rows]
    played: dict[tuple[str, ...], list[Evidence]] = {}
    for part in parts:
        played.setdefault(tuple(part.clusters["model"].unique(maintain_order=True)), []).append(part)
    return [Evidence(notes=tuple(notes)), *(_together(some) for some in played.values())]


def _together(parts: Sequence[Evidence]) -> Evidence:
    if len(parts) == 1:
        return parts[0]
    clusters = pl.concat([part.clusters for part in parts]).group_by(KEY, maintain_order=True).sum()
    costs = pl.concat([part.costs for part in parts]).group_by("model", maintain_order=True)
    spent = costs.agg(pl.col("latency").mean(), pl.col("tokens_in", "tokens_out").sum())
    who = listed(clusters["model"].unique(maintain_order=True).to_list())
    notes = [note for part in parts for note in part.notes]
    notes.append(f"{who}: {len(parts)} runs, taken as repetitions of the same instances")
    return Evidence(scores_of(clusters), clusters=clusters, described=parts[0].described, costs=spent, notes=tuple(notes))
