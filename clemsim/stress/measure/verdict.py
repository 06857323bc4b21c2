"""Whether load changed the answers: the same episodes alone and under load, compared pair by pair.

A real server computes a batch a little differently from a single request, so transcripts part even where the server is
sound: that is reported, and accuses no server. What counts is whether the play got better or worse: %Played, wins, Quality
and broken formats, each with a paired test, all together at one small level, so that a sound server is hardly ever accused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clemsim.game.events import Rejected, Replied
from clemsim.game.outcomes import Outcome
from clemsim.results.intervals import Interval
from clemsim.results.paired_tests import mcnemar, mean_interval, sign_flip, significant, wilson
from clemsim.stress.stress_result import StressResult

LEVEL = 0.001  # how often a sound server may be accused

MeasureName = Literal["played", "won", "quality", "violations"]
MEASURES: Mapping[MeasureName, str] = {
    "played": "%Played",
    "won": "% won",
    "quality": "Quality",
    "violations": "broken formats an episode",
}


class PairedMeasure(StressResult):
    """A measure of `n` pairs: its means alone and under load, their difference with a 95 % interval, and a p value.

    A share (in percent) has also the number of episodes that it `gained` and `lost` under load.
    """

    n: int
    alone: float
    loaded: float
    difference: float
    interval: Interval
    gained: int | None = None
    lost: int | None = None
    p: float


class AnswerVerdict(StressResult):
    """Whether load changed the answers; `changed` is None where there were no pairs, and then only counts are set.

    `concurrency` is the number of conversations under load, `pairs` and `unfinished` count episodes. `same_transcripts` is
    the share of pairs that agree word for word, with a 95 % interval; `first_difference` counts the others by the turn at
    which they part. `guilty` names the measures that differ at the `level` for all together. `stopped` says why the check
    ended early; empty if it did not.
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


@dataclass(frozen=True, slots=True)
class PlayedEpisode:
    """The outcome of an episode, its replies in order, and how many of them broke the format."""

    outcome: Outcome
    replies: tuple[Replied, ...]
    violations: int

    @classmethod
    def of(cls, events: Sequence[object], outcome: Outcome) -> PlayedEpisode:
        """Return the played episode of a transcript's events."""
        violations = sum(isinstance(event, Rejected) and event.violation for event in events)
        return cls(outcome, tuple(event for event in events if isinstance(event, Replied)), violations)


Pair = tuple[PlayedEpisode, PlayedEpisode]  # alone, under load


def first_difference(pair: Pair) -> int | None:
    """Return the first turn whose replies differ; None if the transcripts agree exactly."""
    alone, loaded = ({reply.turn: (reply.seat, reply.content) for reply in episode.replies} for episode in pair)
    turns = sorted(set(alone) | set(loaded))
    return next((turn for turn in turns if alone.get(turn) != loaded.get(turn)), None)


def judge(pairs: Sequence[Pair], concurrency: int, unfinished: int, stopped: str = "") -> AnswerVerdict:
    """Compare all pairs and return the verdict."""
    if not pairs:
        return AnswerVerdict(
            concurrency=concurrency,
            pairs=0,
            unfinished=unfinished,
            changed=None,
            verdict="no episode was played to its end both alone and under load: nothing can be said",
            stopped=stopped,
        )
    measures = _measures(pairs)
    differing = significant({str(name): measure.p for name, measure in measures.items()}, LEVEL)
    guilty = sorted(name for name in measures if name in differing)
    differences = Counter(turn for pair in pairs if (turn := first_difference(pair)) is not None)
    same = len(pairs) - differences.total()
    return AnswerVerdict(
        concurrency=concurrency,
        pairs=len(pairs),
        unfinished=unfinished,
        same_transcripts=same / len(pairs),
        same_transcripts_interval=wilson(same, len(pairs)),
        first_difference=dict(sorted(differences.items())),
        measures=measures,
        level=LEVEL,
        changed=bool(guilty),
        guilty=tuple(guilty),
        verdict=_sentence(measures, guilty, concurrency, len(pairs)),
        stopped=stopped,
    )


def _measures(pairs: Sequence[Pair]) -> dict[MeasureName, PairedMeasure]:
    measures: dict[MeasureName, PairedMeasure] = {
        "played": _share(pairs, lambda outcome: outcome.kind != "aborted"),
        "won": _share(pairs, lambda outcome: outcome.kind == "success"),
        "violations": _mean([(alone.violations, loaded.violations) for alone, loaded in pairs], 1.0),
    }
    qualities = [(alone.outcome.quality, loaded.outcome.quality) for alone, loaded in pairs]
    both = [(alone, loaded) for alone, loaded in qualities if alone is not None and loaded is not None]
    return {**measures, "quality": _mean(both, 100.0)} if both else measures


def _share(pairs: Sequence[Pair], holds: Callable[[Outcome], bool]) -> PairedMeasure:
    """Return the share of outcomes that a condition holds for, in percent."""
    values = [(holds(alone.outcome), holds(loaded.outcome)) for alone, loaded in pairs]
    gained, lost = values.count((False, True)), values.count((True, False))
    measure = _mean([(100.0 * alone, 100.0 * loaded) for alone, loaded in values], 100.0, mcnemar(gained, lost))
    return measure.model_copy(update={"gained": gained, "lost": lost})


def _mean(values: Sequence[tuple[float, float]], reach: float, p: float | None = None) -> PairedMeasure:
    """Return the measure of values alone and under load; `p` is that of randomised signs unless it is given.

    By `reach` an episode could have been otherwise where no episode was.
    """
    count = len(values)
    differences = [loaded - alone for alone, loaded in values]
    return PairedMeasure(
        n=count,
        alone=sum(alone for alone, _ in values) / count,
        loaded=sum(loaded for _, loaded in values) / count,
        difference=sum(differences) / count,
        interval=mean_interval(differences, reach),
        p=sign_flip(differences) if p is None else p,
    )


MIN_PLAYED = 10  # % of the episodes; where fewer are played at all, nothing can be said of their quality


def _sentence(
    measures: Mapping[MeasureName, PairedMeasure], guilty: Sequence[MeasureName], concurrency: int, count: int
) -> str:
    names = [name for name in MEASURES if name in guilty] if guilty else list(measures)
    parts = "; ".join(_change(MEASURES[name], measures[name]) for name in names)
    if guilty:
        return f"load changed the answers: with {concurrency} conversations at once instead of one, {parts}"
    return (
        f"no sign that load changed how well the model plays, {concurrency} conversations at once against one, "
        f"in {count} pairs of episodes: {parts}{_blind(measures)}"
    )


def _blind(measures: Mapping[MeasureName, PairedMeasure]) -> str:
    """Return a warning where hardly any episode was played to its end, so that there was nothing that load could spoil."""
    played = measures.get("played")
    if played is None or max(played.alone, played.loaded) > MIN_PLAYED:
        return ""
    return "; hardly an episode was played by the rules, so little could have been seen: hold replies with --constrain"


def _change(name: str, measure: PairedMeasure) -> str:
    low, high = measure.interval
    return (
        f"{name} {measure.alone:.4g} -> {measure.loaded:.4g} "
        f"(difference {measure.difference:+.3g}, 95 % {low:+.3g}..{high:+.3g})"
    )
