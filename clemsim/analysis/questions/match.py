"""Two runs laid side by side: paired differences per game, with verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from clemsim.analysis.questions.comparing import METRICS
from clemsim.analysis.results import ResultTable
from clemsim.analysis.sources.evidence import Evidence, listed
from clemsim.analysis.sources.runs import read_run, setting
from clemsim.analysis.statistics.bootstrap import Sample, from_clusters
from clemsim.analysis.statistics.differences import Difference, Metric, Sensitivity, in_game, overall, sensitivity, verdict
from clemsim.analysis.statistics.power import more_episodes
from clemsim.analysis.wording import compared, signed
from clemsim.errors import UsageError
from clemsim.results.paired_tests import holm
from clemsim.store import reader
from clemsim.store.folder import STORE

A, B = "A", "B"
ALL: tuple[Metric, ...] = (*METRICS, "clemscore")
DATA = "SELECT arena, experiment || '/' || instance, data FROM episodes GROUP BY 1, 2"


@dataclass(frozen=True)
class PairedMatch:
    """Who was compared, the table, what it says, and what should be known of the two runs."""

    first: str
    second: str
    table: ResultTable
    sentences: Sequence[str]
    notes: Sequence[str]
    hangs: Sensitivity


def match(one: Path, two: Path, first: str | None = None, second: str | None = None, *, anyway: bool = False) -> PairedMatch:
    """Compare an agent of one run with an agent of another, on the instances that both have finished.

    Runs of different suites, rules, prompts, instances or constraints are refused, or with `anyway` compared and the
    difference named. Raises UsageError and StoreError.
    """
    evidence = read_run(one), read_run(two)
    agents = _agent(evidence[0], one, first, "--a"), _agent(evidence[1], two, second, "--b")
    different = _different(one, two)
    if different and not anyway:
        raise UsageError(f"the runs can't be compared: {different[0]} (--anyway compares what has the same name)")
    clusters, notes = _common(
        [part.clusters.filter(pl.col("model") == who) for part, who in zip(evidence, agents, strict=True)]
    )
    if not clusters:
        raise UsageError("the runs have no finished instance in common")
    sample = from_clusters((A, B), tuple(clusters), tuple(clusters.values()))
    names = agents if agents[0] != agents[1] else (f"{agents[0]} ({one.name})", f"{agents[1]} ({two.name})")
    every = [*different, *_named(one, two), *notes, *evidence[0].notes, *evidence[1].notes]
    frame, main = _table(sample)
    table = ResultTable("comparison", f"{names[0]} against {names[1]}: differences in points, paired by instance", frame)
    hangs = sensitivity(sample, A, B)
    return PairedMatch(*names, table, _sentences(sample, names, main, hangs), list(dict.fromkeys(every)), hangs)


def _agent(evidence: Evidence, folder: Path, wanted: str | None, option: str) -> str:
    there = evidence.clusters["model"].unique(maintain_order=True).to_list()
    if wanted is None and len(there) == 1:
        return str(there[0])
    if wanted in there:
        return str(wanted)
    if not there:
        raise UsageError(f"{folder} has no finished episode")
    what = f"has no agent {wanted!r}" if wanted else "has several agents"
    raise UsageError(f"{folder} {what}: choose with {option} one of {', '.join(there)}")


def _different(one: Path, two: Path) -> list[str]:
    """What makes the same names stand for other games."""
    first, second = setting(one), setting(two)
    found = []
    if (first.suite, first.seed) != (second.suite, second.seed):
        found.append(f"their suites are {_suite(first.suite, first.seed)} and {_suite(second.suite, second.seed)}")
    if first.constrained != second.constrained:
        found.append(f"only {one if first.constrained else two} was played with constrained decoding")
    for name in first.arenas.keys() & second.arenas.keys():
        if first.arenas[name] != second.arenas[name]:
            found.append(f"{name} is of another version, or has other prompts or word lists")
    with reader.reading(one / STORE) as base:
        before = {tuple(key): data for *key, data in base.execute(DATA)}
    with reader.reading(two / STORE) as base:
        other = [f"{game} {name}" for game, name, data in base.execute(DATA) if before.get((game, name), data) != data]
    return [*found, *([f"instances differ though named alike: {listed(other, 3)}"] if other else [])]


def _named(one: Path, two: Path) -> list[str]:
    """What differs between the runs and is worth knowing."""
    first, second = setting(one).sampling, setting(two).sampling
    return [f"{name} was {first[name]} and {second[name]}" for name in first if first[name] != second[name]]


def _suite(name: str, seed: int | None) -> str:
    return name if seed is None else f"{name} (seed {seed})"


def _common(sides: Sequence[pl.DataFrame]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Clusters by game of the instances that both have, and what was left out."""
    counts = ("episodes", "played", "scored", "total")
    left, right = (side.drop("model") for side in sides)
    both = left.join(right, on=["game", "instance"], suffix="_2", maintain_order="left")
    notes = []
    for name, side in zip((A, B), (left, right), strict=True):
        if only := len(side) - len(both):
            notes.append(f"{only} instances that only {name} has finished are left out")
    found = {}
    for (game,), some in both.sort("game", maintain_order=True).group_by("game", maintain_order=True):
        halves = [some.select(*(f"{name}{end}" for name in counts)).to_numpy() for end in ("", "_2")]
        found[str(game)] = np.stack(halves, axis=1)
    return found, notes


def _table(sample: Sample) -> tuple[pl.DataFrame, Difference]:
    """A row for each game and metric and three for all games. The clemscore is a test of its own; all others are
    adjusted together.
    """
    rows: list[tuple[dict[str, Any], Difference]] = []
    for at, game in enumerate(sample.games):
        for metric in METRICS:
            one, two = (float(value) for value in getattr(sample, metric)[:, at])
            cells = {"game": game, "metric": metric, "instances": sample.instances[at], "a": _known(one), "b": _known(two)}
            rows.append((cells, in_game(sample, A, B, game, metric)))
    seen = sample.averages()
    for name in ALL:
        one, two = (float(value) for value in getattr(seen, name))
        cells = {"game": "overall", "metric": name, "instances": sum(sample.instances), "a": _known(one), "b": _known(two)}
        rows.append((cells, overall(sample, A, B, name)))
    main = rows[-1][1]
    adjusted = [*holm([each.p for _, each in rows[:-1]]), main.p]
    told = [_row(cells, each, p) for (cells, each), p in zip(rows, adjusted, strict=True)]
    return pl.DataFrame(told, infer_schema_length=None), main


def _row(cells: dict[str, Any], each: Difference, adjusted: float | None) -> dict[str, Any]:
    low, high = each.interval or (None, None)
    more = more_episodes(each.value, each.error, cells["instances"]) if each.value is not None and each.error else None
    told = {"difference": each.value, "low": low, "high": high, "p": each.p, "p_holm": adjusted}
    return {**cells, **told, "verdict": verdict(each.value, adjusted), "more_instances": more}


def _sentences(sample: Sample, names: tuple[str, str], main: Difference, hangs: Sensitivity) -> list[str]:
    found = [f"clemscore: {compared(*names, main, main.p, hangs)}"]
    if hangs.range and len(sample.games) > 1:
        low, high = (signed(value) for value in hangs.range)
        found.append(f"With one game left out the difference lies between {low} and {high} points.")
    decided = verdict(main.value, main.p) in ("higher", "lower")
    if main.value and main.error and not decided:
        more = more_episodes(main.value, main.error, sum(sample.instances))
        found.append(f"About {more} more instances would show a true difference of that size four times in five.")
    return found


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
