"""Two runs compared: differences per game, paired by instance, with verdicts."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from clemsim.analysis.kinds import MARGIN
from clemsim.analysis.questions.model_comparison import METRICS
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.sources.runs import Setting, read_run, setting
from clemsim.analysis.statistics.differences import Sensitivity, Verdict, sensitivity_of, verdict
from clemsim.analysis.statistics.sample import Clusters, Sample, sample_of
from clemsim.analysis.wording import difference_sentence, signed
from clemsim.analysis.writing.html import list_html, paragraphs_html, table_html
from clemsim.errors import UsageError
from clemsim.results.clusters import Cluster
from clemsim.results.differences import Difference
from clemsim.results.estimates import Score
from clemsim.results.paired_tests import holm
from clemsim.store import reader
from clemsim.store.folder import STORE

A, B = "A", "B"
ORDER: tuple[Score, ...] = ("played", "quality", "worth", "clemscore")  # of the rows over all games; the last decides
DATA = "SELECT arena, experiment || '/' || instance, data FROM episodes GROUP BY 1, 2"


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One metric of one game, or of all games (`game` is then "overall").

    `a`, `b`: the metric of both agents, 0..100. `difference`: a - b in points, with its 95 % interval `low` to `high`, all
    None where one of them has no value. `p`: its two-sided p value. `p_holm`: the p value adjusted by Holm's method (Holm
    1979) for all rows but the overall clemscore, which is a test of its own. `verdict`: at the 5 % level of `p_holm`.
    `instances`: the number of instances that both have finished. `detectable`: the true difference, in points, that so many
    instances show four times in five.
    """

    game: str
    metric: Score
    instances: int
    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    verdict: Verdict
    detectable: float | None


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
    margin: float = MARGIN,
) -> RunComparison:
    """Compare agent `a` of the run in folder `run_a` with agent `b` of `run_b`, on the instances that both have finished.

    `a` and `b` may be left out where a run has only one agent. Differences are paired by instance; their intervals and
    p values are those of `clemsim.results.differences`. Runs of different suites,
    rules, prompts, instances or constraints are compared only with `anyway`, by the names of games and instances; a note
    then names the difference. Agents whose clemscores are shown to differ by less than `margin` points are said to be
    equivalent.

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
    if not clusters[A]:
        raise UsageError("the runs have no finished instance in common")
    sample = sample_of(clusters, {}, (A, B))
    rows, main = _rows(sample)
    sensitivity = sensitivity_of(sample, A, B)
    names = agents if agents[0] != agents[1] else (f"{agents[0]} ({folders[0].name})", f"{agents[1]} ({folders[1].name})")
    notes = [*obstacles, *_sampling_notes(*settings), *left_out, *evidence[0].notes, *evidence[1].notes]
    sentences = _sentences(sample, names, main, sensitivity, margin)
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


def _common_clusters(first: pl.DataFrame, second: pl.DataFrame) -> tuple[dict[str, Clusters], list[str]]:
    """Return the clusters of A and of B on the instances in both frames, and notes on the others."""
    frames = {A: first, B: second}
    keys = {name: set(frame.select("game", "instance").iter_rows()) for name, frame in frames.items()}
    both = keys[A] & keys[B]
    notes = [
        f"{only} instances that only {name} has finished are left out" for name in (A, B) if (only := len(keys[name] - both))
    ]
    clusters: dict[str, Clusters] = {}
    for name, frame in frames.items():
        games: dict[str, dict[str, Cluster]] = {}
        for _, game, instance, episodes, played, scored, total in frame.sort("game", maintain_order=True).iter_rows():
            if (game, instance) in both:
                games.setdefault(game, {})[instance] = Cluster(int(episodes), int(played), int(scored), total)
        clusters[name] = games
    return clusters, notes


def _rows(sample: Sample) -> tuple[tuple[ComparisonRow, ...], Difference]:
    """Return a row for each game and metric and three for all games, and the difference in the overall clemscore.

    That difference is a test of its own; all others are adjusted together.
    """
    cells = [(game, score) for game in sample.games for score in METRICS] + [("overall", score) for score in ORDER]
    counts = {game: len(sample.clusters[A][game]) for game in sample.games}
    counts["overall"] = sum(counts.values())
    differences = [sample.difference(A, B, score, None if game == "overall" else game) for game, score in cells]
    main = differences[-1]
    adjusted = [*holm([difference.p for difference in differences[:-1]]), main.p]
    rows = (
        _row(sample, game, score, counts[game], difference, p)
        for (game, score), difference, p in zip(cells, differences, adjusted, strict=True)
    )
    return tuple(rows), main


def _row(
    sample: Sample, game: str, score: Score, instances: int, difference: Difference, adjusted: float | None
) -> ComparisonRow:
    estimates = [sample.estimates[name] if game == "overall" else sample.estimates[name].of_game(game) for name in (A, B)]
    low, high = difference.interval or (None, None)
    return ComparisonRow(
        game=game,
        metric=score,
        instances=instances,
        a=estimates[0].value(score),
        b=estimates[1].value(score),
        difference=difference.value,
        low=low,
        high=high,
        p=difference.p,
        p_holm=adjusted,
        verdict=verdict(difference.value, adjusted),
        detectable=difference.detectable,
    )


def _sentences(
    sample: Sample, names: tuple[str, str], main: Difference, sensitivity: Sensitivity, margin: float
) -> tuple[str, ...]:
    sentences = [f"clemscore: {difference_sentence(*names, main, main.p, sensitivity, margin=margin)}"]
    if sensitivity.range and len(sample.games) > 1 and any(sensitivity.range):
        low, high = (signed(value) for value in sensitivity.range)
        sentences.append(f"With one game left out the difference lies between {low} and {high} points.")
    return tuple(sentences)
