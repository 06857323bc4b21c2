"""Whether load changed the answers: the same episodes alone and under load, compared pair by pair.

A real server computes a batch a little differently from a single request, so transcripts part even where the server is
sound: that is reported, and accuses no server. What counts is whether the play got better or worse
(`clemsim.stress.measure.paired_measures`), all measures together at one small level, so that a sound server is hardly ever
accused. That nothing is shown does not mean that nothing changed: beside it stands which change would have been seen, and
which measures are shown to have stayed within a margin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from clemsim.analysis.kinds import MARGIN
from clemsim.results.holm import significant
from clemsim.results.intervals import Interval
from clemsim.stress.measure.paired_measures import (
    MEASURES,
    MeasureName,
    Pair,
    PairedMeasure,
    Pairs,
    agreeing_share,
    measures_of,
)
from clemsim.stress.stress_result import StressResult

LEVEL = 0.001  # how often a sound server may be accused


class AnswerVerdict(StressResult):
    """Whether load changed the answers; `changed` is None where there were no pairs, and then only counts are set.

    `concurrency` is the number of conversations under load, `pairs` and `unfinished` count episodes. `same_transcripts` is
    the share of pairs that agree word for word (the mean over games), with a 95 % interval; `first_difference` counts the
    others by the turn at which they part. `guilty` names the measures that differ at the `level` for all together; `margin`:
    points within which a measure counts as equivalent. `stopped` says why the check ended early; empty if it did not.
    """

    concurrency: int
    pairs: int
    unfinished: int
    same_transcripts: float | None = None
    same_transcripts_interval: Interval | None = None
    first_difference: Mapping[int, int] = {}
    measures: Mapping[MeasureName, PairedMeasure] = {}
    level: float | None = None
    changed: bool | None
    guilty: tuple[MeasureName, ...] = ()
    verdict: str
    stopped: str
    margin: float | None = None


def first_difference(pair: Pair) -> int | None:
    """Return the first turn whose replies differ; None if the transcripts agree exactly."""
    alone, loaded = ({reply.turn: (reply.seat, reply.content) for reply in episode.replies} for episode in pair)
    turns = sorted(set(alone) | set(loaded))
    return next((turn for turn in turns if alone.get(turn) != loaded.get(turn)), None)


def judge(pairs: Pairs, concurrency: int, unfinished: int, stopped: str = "") -> AnswerVerdict:
    """Compare all pairs and return the verdict. Raises UsageError where numpy is missing."""
    if not pairs:
        return AnswerVerdict(
            concurrency=concurrency,
            pairs=0,
            unfinished=unfinished,
            changed=None,
            verdict="no episode was played to its end both alone and under load: nothing can be said",
            stopped=stopped,
        )
    measures = measures_of(pairs, LEVEL)
    known = {str(name): measure.p for name, measure in measures.items() if measure.p is not None}
    differing = significant(known, LEVEL)
    guilty = sorted(name for name in measures if name in differing)
    differences = Counter(turn for pair in pairs.values() if (turn := first_difference(pair)) is not None)
    share, interval = agreeing_share(pairs, lambda pair: first_difference(pair) is None)
    return AnswerVerdict(
        concurrency=concurrency,
        pairs=len(pairs),
        unfinished=unfinished,
        same_transcripts=share,
        same_transcripts_interval=interval,
        first_difference=dict(sorted(differences.items())),
        measures=measures,
        level=LEVEL,
        changed=bool(guilty) if known else None,
        guilty=tuple(guilty),
        verdict=_sentence(measures, guilty, concurrency, len(pairs)),
        stopped=stopped,
        margin=MARGIN,
    )


MIN_PLAYED = 10  # % of the episodes; where fewer are played at all, nothing can be said of their quality


def _sentence(
    measures: Mapping[MeasureName, PairedMeasure], guilty: Sequence[MeasureName], concurrency: int, count: int
) -> str:
    names = [name for name in MEASURES if name in guilty] if guilty else list(measures)
    parts = "; ".join(_change(MEASURES[name], measures[name]) for name in names)
    level = f"{100 * LEVEL:g} %"
    if guilty:
        return (
            f"load changed the answers: with {concurrency} conversations at once instead of one, {parts} "
            f"(at the level of {level} for all measures together)"
        )
    if not any(measure.p is not None for measure in measures.values()):
        return f"too few instances to say whether load changed the answers: {parts}"
    return (
        f"it is not shown that load changed how well the model plays, {concurrency} conversations at once against one, "
        f"in {count} pairs of episodes, at the level of {level} for all measures together: {parts}{_blind(measures)}"
    )


def _blind(measures: Mapping[MeasureName, PairedMeasure]) -> str:
    """Return a warning where hardly any episode was played to its end, so that there was nothing that load could spoil."""
    played = measures.get("played")
    if played is None or max(played.alone, played.loaded) > MIN_PLAYED:
        return ""
    return "; hardly an episode was played by the rules, so little could have been seen: hold replies with --constrain"


def _change(name: str, measure: PairedMeasure) -> str:
    text = f"{name} {measure.alone:.4g} -> {measure.loaded:.4g}"
    if measure.joint is None:
        return f"{text} (too few instances for an interval)"
    low, high = measure.joint
    return f"{text} (difference {measure.difference:+.3g}, joint interval {low:+.3g}..{high:+.3g}{_resolution(measure)})"


def _resolution(measure: PairedMeasure) -> str:
    """Say what an undecided measure excludes, or would have shown."""
    low, high = measure.joint or (0.0, 0.0)
    if low > 0 or high < 0:
        return ""
    if measure.equivalent:
        return f", equivalent within {MARGIN:g} points"
    return f"; a true change of {measure.detectable:.3g} would be seen 4 times in 5" if measure.detectable else ""
