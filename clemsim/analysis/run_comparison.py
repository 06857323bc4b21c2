"""Two runs compared: differences per game, paired by instance, with verdicts."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from clemsim.analysis.questions.model_comparison import METRICS
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.sources.runs import Setting, read_run, setting
from clemsim.analysis.statistics.averages import Numbers
from clemsim.analysis.statistics.bootstrap import Sample, from_clusters
from clemsim.analysis.statistics.differences import (
    Difference,
    Metric,
    Sensitivity,
    Verdict,
    game_difference,
    overall_difference,
    sensitivity_of,
    verdict,
)
from clemsim.analysis.statistics.power import more_episodes
from clemsim.analysis.wording import difference_sentence, signed
from clemsim.analysis.writing.html import list_html, paragraphs_html, table_html
from clemsim.errors import UsageError
from clemsim.results.paired_tests import holm
from clemsim.store import reader
from clemsim.store.folder import STORE

A, B = "A", "B"
ALL: tuple[Metric, ...] = (*METRICS, "clemscore")
COUNTS = ("episodes", "played", "scored", "total")
DATA = "SELECT arena, experiment || '/' || instance, data FROM episodes GROUP BY 1, 2"


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One metric of one game, or of all games (`game` is then "overall").

    `a`, `b`: the metric of both agents, 0..100. `difference`: a - b in points, with its 95 % interval `low` to `high`, all
    None where one of them has no value. `p`: its two-sided p value. `p_holm`: the p value adjusted by Holm's method (Holm
    1979) for all rows but the overall clemscore, which is a test of its own. `verdict`: at the 5 % level of `p_holm`.
    `instances`: the number of instances that both have finished. `more_instances`: the number of further instances that
    would show a true difference of this size four times in five; None where none would.
    """

    game: str
    metric: Metric
    instances: int
    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    verdict: Verdict
    more_instances: int | None


@dataclass(frozen=True)
class RunComparison:
    """An agent of one run compared with an agent of another, on the instances that both have finished.

    `a`, `b`: the names of the agents, with their runs where the names are the same. `rows`: %Played and Quality of each
    game, then %Played, Quality and clemscore over all games. `sentences`: the result in words. `notes`: differences
    between the runs, and what was left out. `sensitivity`: the difference in clemscore without each game and under other
    rules of averaging.
    """

    a: str
    b: str
    rows: tuple[ComparisonRow, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    sensitivity: Sensitivity

    @property
    def title(self) -> str:
        """The title of the table."""
        return f"{self.a} against {self.b}: differences in points, paired by instance"

    @property
    def clemscore(self) -> ComparisonRow:
        """The row of the overall clemscore, which decides the comparison."""
        return self.rows[-1]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a polars frame."""
        return pl.DataFrame([asdict(row) for row in self.rows], infer_schema_length=None)

    def _repr_html_(self) -> str:
        """Return sentences, table and notes as HTML for a notebook. Names of agents and games are escaped."""
        return "".join(
            (
                paragraphs_html([self.title], "strong"),
                paragraphs_html(self.sentences),
                table_html(self.frame),
                list_html(self.notes) if self.notes else "",
            )
        )


def compare_runs(
    run_a: str | os.PathLike[str],
    run_b: str | os.PathLike[str],
    a: str | None = None,
    b: str | None = None,
    *,
    anyway: bool = False,
) -> RunComparison:
    """Compare agent `a` of the run in folder `run_a` with agent `b` of `run_b`, on the instances that both have finished.

    `a` and `b` may be left out where a run has only one agent. Differences are paired by instance; their intervals and
    p values come from a bootstrap over instances (see `clemsim.analysis.statistics.bootstrap`). Runs of different suites,
    rules, prompts, instances or constraints are compared only with `anyway`, by the names of games and instances; a note
    then names the difference.

    Raises UsageError where the runs cannot be compared, have no finished instance in common or several agents to choose
    from, and StoreError where a folder holds no readable run.
    """
    folders = Path(run_a), Path(run_b)
    evidence = [read_run(folder) for folder in folders]
    agents = _agent(evidence[0], folders[0], a, "--a"), _agent(evidence[1], folders[1], b, "--b")
    settings = setting(folders[0]), setting(folders[1])
    obstacles = _obstacles(*folders, *settings)
    if obstacles and not anyway:
        raise UsageError(f"the runs cannot be compared: {obstacles[0]} (--anyway compares what has the same name)")
    frames = [part.clusters.filter(pl.col("model") == agent) for part, agent in zip(evidence, agents, strict=True)]
    clusters, left_out = _common_clusters(*frames)
    if not clusters:
        raise UsageError("the runs have no finished instance in common")
    sample = from_clusters((A, B), tuple(clusters), tuple(clusters.values()))
    rows, main = _rows(sample)
    sensitivity = sensitivity_of(sample, A, B)
    names = agents if agents[0] != agents[1] else (f"{agents[0]} ({folders[0].name})", f"{agents[1]} ({folders[1].name})")
    notes = [*obstacles, *_sampling_notes(*settings), *left_out, *evidence[0].notes, *evidence[1].notes]
    sentences = _sentences(sample, names, main, sensitivity)
    return RunComparison(*names, rows, sentences, tuple(dict.fromkeys(notes)), sensitivity)


def _agent(evidence: Evidence, folder: Path, wanted: str | None, option: str) -> str:
    agents = evidence.clusters["model"].unique(maintain_order=True).to_list()
    if wanted is None and len(agents) == 1:
        return str(agents[0])
    if wanted in agents:
        return str(wanted)
    if not agents:
        raise UsageError(f"{folder} has no finished episode")
    problem = f"has no agent {wanted!r}" if wanted else "has several agents"
    raise UsageError(f"{folder} {problem}: choose with {option} one of {', '.join(agents)}")


def _obstacles(run_a: Path, run_b: Path, first: Setting, second: Setting) -> list[str]:
    """Return the differences that make equal names stand for different games."""
    obstacles = []
    if (first.suite, first.seed) != (second.suite, second.seed):
        obstacles.append(f"their suites are {first.suite_label} and {second.suite_label}")
    if first.constrained != second.constrained:
        obstacles.append(f"only {run_a if first.constrained else run_b} was played with constrained decoding")
    for name in first.arenas.keys() & second.arenas.keys():
        if first.arenas[name] != second.arenas[name]:
            obstacles.append(f"{name} is of another version, or has other prompts or word lists")
    with reader.reading(run_a / STORE) as base:
        data_of = {tuple(key): data for *key, data in base.execute(DATA)}
    with reader.reading(run_b / STORE) as base:
        differing = [f"{game} {name}" for game, name, data in base.execute(DATA) if data_of.get((game, name), data) != data]
    return [*obstacles, *([f"instances differ though named alike: {join_names(differing, 3)}"] if differing else [])]


def _sampling_notes(first: Setting, second: Setting) -> list[str]:
    return [
        f"{name} was {value} and {second.sampling[name]}"
        for name, value in first.sampling.items()
        if value != second.sampling[name]
    ]


def _common_clusters(first: pl.DataFrame, second: pl.DataFrame) -> tuple[dict[str, Numbers], list[str]]:
    """Return clusters by game (instances x 2 x counts) of the instances in both frames, and notes on the others."""
    left, right = first.drop("model"), second.drop("model")
    both = left.join(right, on=["game", "instance"], suffix="_2", maintain_order="left")
    notes = []
    for name, side in zip((A, B), (left, right), strict=True):
        if only := len(side) - len(both):
            notes.append(f"{only} instances that only {name} has finished are left out")
    clusters = {}
    for (game,), instances in both.sort("game", maintain_order=True).group_by("game", maintain_order=True):
        halves = [instances.select(*(f"{name}{end}" for name in COUNTS)).to_numpy() for end in ("", "_2")]
        clusters[str(game)] = np.stack(halves, axis=1)
    return clusters, notes


def _rows(sample: Sample) -> tuple[tuple[ComparisonRow, ...], Difference]:
    """Return a row for each game and metric and three for all games, and the difference in the overall clemscore.

    That difference is a test of its own; all others are adjusted together.
    """
    cells: list[tuple[str, Metric, int, Numbers]] = []
    differences: list[Difference] = []
    for column, game in enumerate(sample.games):
        for metric in METRICS:
            cells.append((game, metric, sample.instances[column], getattr(sample, metric)[:, column]))
            differences.append(game_difference(sample, A, B, game, metric))
    averages = sample.averages()
    for name in ALL:
        cells.append(("overall", name, sum(sample.instances), getattr(averages, name)))
        differences.append(overall_difference(sample, A, B, name))
    main = differences[-1]
    adjusted = [*holm([difference.p for difference in differences[:-1]]), main.p]
    rows = (_row(*cell, difference, p) for cell, difference, p in zip(cells, differences, adjusted, strict=True))
    return tuple(rows), main


def _row(
    game: str, metric: Metric, instances: int, values: Numbers, difference: Difference, adjusted: float | None
) -> ComparisonRow:
    a, b = (None if np.isnan(value) else float(value) for value in values)
    low, high = difference.interval or (None, None)
    return ComparisonRow(
        game=game,
        metric=metric,
        instances=instances,
        a=a,
        b=b,
        difference=difference.value,
        low=low,
        high=high,
        p=difference.p,
        p_holm=adjusted,
        verdict=verdict(difference.value, adjusted),
        more_instances=_more(difference, instances),
    )


def _more(difference: Difference, instances: int) -> int | None:
    if difference.value is None or not difference.error:
        return None
    return more_episodes(difference.value, difference.error, instances)


def _sentences(sample: Sample, names: tuple[str, str], main: Difference, sensitivity: Sensitivity) -> tuple[str, ...]:
    sentences = [f"clemscore: {difference_sentence(*names, main, main.p, sensitivity)}"]
    if sensitivity.range and len(sample.games) > 1:
        low, high = (signed(value) for value in sensitivity.range)
        sentences.append(f"With one game left out the difference lies between {low} and {high} points.")
    decided = verdict(main.value, main.p) in ("higher", "lower")
    if main.value and main.error and not decided:
        more = more_episodes(main.value, main.error, sum(sample.instances))
        sentences.append(f"About {more} more instances would show a true difference of that size four times in five.")
    return tuple(sentences)
