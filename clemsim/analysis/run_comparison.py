"""Two runs compared: differences per game, paired by instance, with verdicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from clemsim.analysis.kinds import MARGIN
from clemsim.analysis.questions.model_comparison import METRICS
from clemsim.analysis.sources.evidence import join_names
from clemsim.analysis.sources.run_scores import read_scores
from clemsim.analysis.sources.runs import Setting, sampling_notes, setting, settings_notes, shared_instances
from clemsim.analysis.sources.stopping import SequentialVerdict, sequential_verdict
from clemsim.analysis.sources.subsets import check_games, without_text
from clemsim.analysis.statistics.differences import ALPHA, Sensitivity, Verdict, sensitivity_of, verdict
from clemsim.analysis.statistics.sample import Clusters, Sample, sample_of
from clemsim.analysis.wording import difference_sentence, number, plural, signed
from clemsim.analysis.writing.html import notebook_html
from clemsim.errors import UsageError
from clemsim.results.bounds import ScoreBounds, score_bounds
from clemsim.results.detectable import instances_more
from clemsim.results.differences import Difference
from clemsim.results.estimates import ModelEstimates, Score
from clemsim.results.holm import holm, holm_levels
from clemsim.results.intervals import Interval
from clemsim.results.joint_outcomes import JointOutcomes, joint_outcomes
from clemsim.results.means import LEVEL
from clemsim.results.repetitions import Repetitions, clusters_of
from clemsim.results.these_instances import difference_on_these
from clemsim.store.study_index import run_of

Reading = Literal["instances of this kind", "these instances only"]

A, B = "A", "B"
MOST_MORE = 1_000_000  # instances; beyond them no number is told
OVERALL: tuple[Score, ...] = ("played", "quality", "worth", "clemscore")  # the rows over all games


Watch = Callable[[str, int, int], None]  # what is done, how much of it, and of how much
Measure = Callable[[Score, str | None, float], Difference]  # of a score, in a game or over games, at a level


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One metric of one game, or of all games (`game` is then "overall").

    `a`, `b`: the metric of both agents, 0..100. `difference`: a - b in points, with its 95 % interval `low` to `high`, all
    None where one of them has no value. `p`: its two-sided p value. `p_holm`: the p value adjusted by Holm's method (Holm
    1979) for all rows but the last, which is a test of its own: clemscore over all games, or worth where one has no
    clemscore. `verdict`: at the 5 % level of `p_holm`.
    `joint_low` to `joint_high`: the interval at the level of the row's test, which leaves 0 out exactly where the verdict is
    higher or lower.
    Where a stopping rule about the two ended their run, the row of its own quantity (worth over all games) has the interval
    and the verdict of the rule, which hold at all looks, and no p value.
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
    joint_low: float | None = None
    joint_high: float | None = None


@dataclass(frozen=True)
class RunComparison:
    """An agent of one run compared with an agent of another, on the instances that both have finished.

    `a`, `b`: the names of the agents, with their runs where the names are the same. `rows`: %Played and Quality of each
    game, then %Played, Quality and clemscore over all games. `sentences`: the result in words. `notes`: differences
    between the runs, and what was left out. `sensitivity`: the difference in clemscore without each game and under other
    rules of averaging. `reading`: what intervals and p values are about.
    `joint`: how often both, only A, only B or neither played an episode to its end, and won it. `subset`: which games were
    chosen, in words; empty: all.
    """

    a: str
    b: str
    rows: tuple[ComparisonRow, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    sensitivity: Sensitivity
    joint: tuple[JointOutcomes, ...] = ()
    reading: Reading = "instances of this kind"
    subset: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title of the table."""
        return f"{self.a} against {self.b}: differences in points, paired by instance; {self.reading}"

    @property
    def clemscore(self) -> ComparisonRow:
        """The row of the overall clemscore, which decides the comparison."""
        return self.rows[-1]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a polars frame."""
        return pl.DataFrame([asdict(row) for row in self.rows], infer_schema_length=None)

    @property
    def joint_frame(self) -> pl.DataFrame:
        """The 2 x 2 tables as a polars frame."""
        return pl.DataFrame([asdict(row) for row in self.joint], infer_schema_length=None)

    def _repr_html_(self) -> str:
        """Return sentences, table and notes as HTML for a notebook. Names of agents and games are escaped."""
        frames = [self.frame, *([self.joint_frame] if self.joint else [])]
        return notebook_html([self.title, *self.subset], self.sentences, frames, self.notes)


def compare_runs(
    run_a: str | os.PathLike[str],
    run_b: str | os.PathLike[str],
    a: str | None = None,
    b: str | None = None,
    *,
    anyway: bool = False,
    these_instances: bool = False,
    margin: float = MARGIN,
    without: Sequence[str] = (),
    watch: Watch = lambda what, done, all_: None,
) -> RunComparison:
    """Compare agent `a` of the run in folder `run_a` with agent `b` of `run_b`, on the instances that both have finished.

    `a` and `b` may be left out where a run has only one agent; of a study they name the models. Differences are paired by
    instance; their intervals and p values are those of `clemsim.results.differences`. Runs of different suites,
    rules, prompts, instances or constraints are compared only with `anyway`, by the names of games and instances; a note
    then names the difference. `these_instances`: intervals and p values for these instances only, in which nothing but
    run-to-run noise counts (`clemsim.results.these_instances`); else for instances of this kind. Agents whose clemscores are
    shown to differ by less than `margin` points are said to be equivalent. `without`: games that are left out everywhere.
    `watch` is told what is read or computed, how much of it is done, and of how much.

    Raises UsageError where the runs cannot be compared, have no finished instance in common or several agents to choose
    from, and StoreError where a folder holds no readable run.
    """
    folders = run_of(Path(run_a), a, "--a"), run_of(Path(run_b), b, "--b")
    scores = (
        read_scores(folders[0], a, "--a", partial(watch, f"episodes of {A}")),
        read_scores(folders[1], b, "--b", partial(watch, f"episodes of {B}")),
    )
    agents = scores[0].agent, scores[1].agent
    settings = setting(folders[0]), setting(folders[1])
    obstacles = _obstacles(*folders, *settings, without)
    if obstacles and not anyway:
        raise UsageError(f"the runs cannot be compared: {obstacles[0]} (--anyway compares what has the same name)")
    found = [clusters_of(own.repetitions) for own in scores]
    games = sorted({game for own in found for game in own})
    clusters, left_out = _common_clusters(*found, games=check_games(without, games))
    sample = sample_of(clusters, {}, (A, B))
    played = [{game: own for game, own in each.repetitions.items() if game not in without} for each in scores]
    rows, main = _rows(sample, _on_these(sample, *played) if these_instances else _of_kind(sample), watch)
    sequential = None if these_instances or without else sequential_verdict(*folders, agents)
    own = _own_rows(sample) if sequential else ()
    sensitivity = sensitivity_of(sample, A, B)
    names = agents if agents[0] != agents[1] else (f"{agents[0]} ({folders[0].name})", f"{agents[1]} ({folders[1].name})")
    differing = [*sampling_notes(*settings), *settings_notes(folders, agents)]
    notes = [*obstacles, *differing, *left_out, *scores[0].notes, *scores[1].notes, *_bounds(*played)]
    if these_instances and main.interval is None:
        notes.append("no interval for these instances only: every game needs an instance that both finished twice")
    sentences = _sentences(sample, names, main, sensitivity, margin)
    more = [] if these_instances or sequential else list(_more(main, rows[-1].instances, margin))
    if sequential:
        rows = tuple(_sequential(row, sequential) if row.metric in own and row.game == "overall" else row for row in rows)
        sentences = _after_stopping(sentences if sample.common_score(A, B) not in own else (), sequential, own)
    return RunComparison(
        *names,
        rows,
        (*sentences, *more, *_detectable(rows)),
        tuple(dict.fromkeys(notes)),
        sensitivity,
        joint_outcomes(*played),
        "these instances only" if these_instances else "instances of this kind",
        (without_text(without, games),) if without else (),
    )


def _obstacles(run_a: Path, run_b: Path, first: Setting, second: Setting, without: Sequence[str]) -> list[str]:
    """Return the differences that make equal names stand for different games, but for those `without` which is compared."""
    obstacles = []
    one_imported = bool(first.instances) != bool(second.instances)  # then the instances themselves are compared
    if (first.suite, first.seed) != (second.suite, second.seed) and not one_imported:
        obstacles.append(f"their suites are {first.suite_label} and {second.suite_label}")
    if first.constrained != second.constrained:
        obstacles.append(f"only {run_a if first.constrained else run_b} was played with constrained decoding")
    for name in (first.arenas.keys() & second.arenas.keys()) - set(without):
        ours, theirs = first.arenas[name], second.arenas[name]
        known = ours.version is not None and theirs.version is not None  # of results of other tools, not always
        if (known and ours.version != theirs.version) or (ours.files and theirs.files and ours.files != theirs.files):
            obstacles.append(f"{name} is of another version, or has other prompts or word lists")
    shared = shared_instances(run_a, run_b) if run_a != run_b else {}
    differing = [f"{game} {name}" for (game, name), same in shared.items() if not same and game not in without]
    return [*obstacles, *([f"instances differ though named alike: {join_names(differing, 3)}"] if differing else [])]


def _common_clusters(first: Clusters, second: Clusters, *, games: Collection[str]) -> tuple[dict[str, Clusters], list[str]]:
    """Return the clusters of A and of B on the instances of `games` that both have, and notes on the others.

    Raises UsageError where both have none.
    """
    clusters: dict[str, Clusters] = {}
    notes = []
    for name, own, other in ((A, first, second), (B, second, first)):
        names = {game: instances.keys() & other.get(game, {}).keys() for game, instances in own.items() if game in games}
        clusters[name] = {
            game: {instance: cluster for instance, cluster in own[game].items() if instance in names[game]}
            for game in sorted(names)
            if names[game]
        }
        if only := sum(len(own[game]) - len(both) for game, both in names.items()):
            notes.append(f"{plural(only, 'instance')} that only {name} has finished {'is' if only == 1 else 'are'} left out")
    if not clusters[A]:
        shown = " and ".join(f"{name} {_example(own)}" for name, own in ((A, first), (B, second)))
        raise UsageError(f"the runs have no finished instance in common, by their names: {shown}")
    return clusters, notes


def _example(own: Clusters) -> str:
    game, instances = min(own.items())
    return f"has such as {game}/{min(instances)}"


def _of_kind(sample: Sample) -> Measure:
    return lambda score, game, level: sample.difference(A, B, score, game, level)


def _on_these(sample: Sample, first: Repetitions, second: Repetitions) -> Measure:
    """Return a function that gives the difference in a score, of one game or over games, on these instances only."""

    def difference(score: Score, game: str | None, level: float) -> Difference:
        found = difference_on_these(first, second, score, game, level)
        if found.value is not None:
            return found
        ours, theirs = (
            estimates if game is None else estimates.of_game(game)
            for estimates in (sample.estimates[A], sample.estimates[B])
        )
        values = ours.value(score), theirs.value(score)
        return Difference(None if values[0] is None or values[1] is None else values[0] - values[1])

    return difference


def _rows(sample: Sample, difference: Measure, watch: Watch) -> tuple[tuple[ComparisonRow, ...], Difference]:
    """Return a row for each game and metric and four for all games, and the difference in the main score over all games: in
    clemscore, or in worth where one has none as it never played to the end.

    That difference is a test of its own, in the last row; all others are adjusted together.
    """
    main_score = sample.common_score(A, B)
    overall = [score for score in OVERALL if score != main_score] + [main_score]
    cells = [(game, score) for game in sample.games for score in METRICS] + [("overall", score) for score in overall]
    counts = {game: len(sample.clusters[A][game]) for game in sample.games}
    counts["overall"] = sum(counts.values())
    asked = [(score, None if game == "overall" else game) for game, score in cells]
    differences = []
    for done, own in enumerate(asked, 1):
        differences.append(difference(*own, LEVEL))
        watch("differences", done, len(asked))
    main = differences[-1]
    ps = [own.p for own in differences[:-1]]
    adjusted, levels = [*holm(ps), main.p], [*holm_levels(ps), LEVEL]
    joint = [difference(*own, level) for own, level in zip(asked, levels, strict=True)]
    rows = (
        _row(sample, game, score, counts[game], found, p, together)
        for (game, score), found, p, together in zip(cells, differences, adjusted, joint, strict=True)
    )
    return tuple(rows), main


def _row(
    sample: Sample,
    game: str,
    score: Score,
    instances: int,
    difference: Difference,
    adjusted: float | None,
    joint: Difference,
) -> ComparisonRow:
    estimates = [sample.estimates[name] if game == "overall" else sample.estimates[name].of_game(game) for name in (A, B)]
    low, high = difference.interval or (None, None)
    joint_low, joint_high = joint.interval or (None, None)
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
        joint_low=joint_low,
        joint_high=joint_high,
    )


def _sentences(
    sample: Sample, names: tuple[str, str], main: Difference, sensitivity: Sensitivity, margin: float
) -> tuple[str, ...]:
    score = sample.common_score(A, B)
    sentences = [f"{score}: {difference_sentence(*names, main, main.p, sensitivity, margin=margin, score=score)}"]
    if sensitivity.range and len(sample.games) > 1 and any(sensitivity.range):
        low, high = (signed(value) for value in sensitivity.range)
        sentences.append(f"With one game left out the difference lies between {low} and {high} points.")
    return tuple(sentences)


def _more(main: Difference, instances: int, margin: float) -> Iterator[str]:
    """Yield a sentence on how many more instances would decide an undecided difference."""
    if main.p is None or main.p < ALPHA or main.equivalent(margin):
        return
    found = instances_more(main, instances, margin)
    if found is None:
        return
    if found[0] > MOST_MORE:
        yield f"More than {MOST_MORE} more instances like these would be needed to decide it, if it is as large as it seems."
        return
    count, shows = found
    what = "show it" if shows else f"show that they are equivalent within {margin:g} points"
    yield f"If it is as large as it seems, about {count} more instances like these would {what}, four times in five."


def _own_rows(sample: Sample) -> tuple[Score, ...]:
    """Return the scores over all games that a rule about worth bounds: of one game the clemscore is the same."""
    return ("worth",) if len(sample.games) > 1 else ("worth", "clemscore")


def _sequential(row: ComparisonRow, sequential: SequentialVerdict) -> ComparisonRow:
    """Return the row with the interval and the verdict of the rule in place of those that know nothing of its looks."""
    low, high = sequential.interval
    decided: Verdict = "higher" if low >= 0 else "lower" if high <= 0 else "undecided"
    own = replace(row, low=low, high=high, joint_low=low, joint_high=high)
    return replace(own, p=None, p_holm=None, verdict=decided, detectable=None)


def _after_stopping(sentences: tuple[str, ...], sequential: SequentialVerdict, own: tuple[Score, ...]) -> tuple[str, ...]:
    """Return the sentence of the rule, and the others after it."""
    rows = "the row of worth over all games is" if len(own) == 1 else "the rows of worth and clemscore over all games are"
    said = f"worth: the stopping rule ended the run. {sequential.text}; {rows} the answer of the rule."
    return (said, *sentences)


def _detectable(rows: Sequence[ComparisonRow]) -> Iterator[str]:
    """Yield a sentence on the differences over all games that so many instances show."""
    known = {row.metric: row for row in rows if row.game == "overall" and row.detectable is not None}
    if parts := [f"{number(known[name].detectable)} points in {name}" for name in ("clemscore", "worth") if name in known]:
        count = plural(rows[-1].instances, "instance")
        yield f"With these {count} a true difference of {' or '.join(parts)} would be seen four times in five."


def _bounds(first: Repetitions, second: Repetitions) -> Iterator[str]:
    """Yield a note for each score over games, where episodes are unfinished: how large the difference could have been."""
    ours, theirs = score_bounds(first), score_bounds(second)
    if not (ours or theirs):
        return
    values = ModelEstimates.of(clusters_of(first)), ModelEstimates.of(clusters_of(second))
    for score in ("worth", "clemscore"):
        ends = [_ends(bounds, estimates, score) for bounds, estimates in zip((ours, theirs), values, strict=True)]
        if ends[0] and ends[1]:
            low, high = ends[0][0] - ends[1][1], ends[0][1] - ends[1][0]
            yield (
                f"unfinished episodes at their worst and their best: {score} of A {_span(ends[0])}, of B {_span(ends[1])}, "
                f"A − B {_span((low, high), signed)}"
            )


def _ends(bounds: ScoreBounds | None, estimates: ModelEstimates, score: Score) -> Interval | None:
    """Return the bounds of a score; those of an agent that has finished everything are its score."""
    if bounds is not None:
        return bounds.of(score)
    value = estimates.value(score)
    return None if value is None else (value, value)


def _span(ends: Interval, text: Callable[[float], str] = number) -> str:
    low, high = text(ends[0]), text(ends[1])
    return low if low == high else f"{low} to {high}"
