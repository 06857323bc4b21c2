"""Did load change the answers? The same episodes alone and under load, compared pair by pair.

A real server computes a batch a little differently from a single request, so that texts part even where it is sound:
that is reported, and accuses nobody. What counts is whether the play got better or worse: %Played, wins, Quality and
broken formats, each with a paired test, all together at one small level, so that a sound server is hardly ever accused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.game.events import Rejected, Replied
from clemsim.game.outcomes import Outcome
from clemsim.results.paired_tests import mcnemar, mean_interval, sign_flip, significant, wilson

LEVEL = 0.001  # how often a sound server may be accused


@dataclass(frozen=True, slots=True)
class PlayedEpisode:
    """What an episode came to: its outcome, its replies in order, and how many of them broke the format."""

    outcome: Outcome
    replies: tuple[Replied, ...]
    violations: int

    @classmethod
    def of(cls, events: Sequence[object], outcome: Outcome) -> PlayedEpisode:
        """From its transcript."""
        violations = sum(isinstance(each, Rejected) and each.violation for each in events)
        return cls(outcome, tuple(each for each in events if isinstance(each, Replied)), violations)


Pair = tuple[PlayedEpisode, PlayedEpisode]  # alone, under load


def parted(pair: Pair) -> int | None:
    """The first turn whose reply differs; None: the transcripts agree exactly."""
    alone, loaded = ({each.turn: (each.seat, each.content) for each in played.replies} for played in pair)
    turns = sorted(set(alone) | set(loaded))
    return next((turn for turn in turns if alone.get(turn) != loaded.get(turn)), None)


def judge(pairs: Sequence[Pair], concurrency: int, unfinished: int) -> dict[str, Any]:
    """The comparison as JSON, with a verdict: `changed` is True, False, or None where there were no pairs."""
    if not pairs:
        return {
            "concurrency": concurrency,
            "pairs": 0,
            "unfinished": unfinished,
            "changed": None,
            "verdict": "no episode was played to its end both alone and under load: nothing can be said",
        }
    measures = {
        "played": _shares(pairs, lambda outcome: outcome.kind != "aborted"),
        "won": _shares(pairs, lambda outcome: outcome.kind == "success"),
        "violations": _means([(alone.violations, loaded.violations) for alone, loaded in pairs], 1.0),
    }
    scored = [(alone.outcome.quality, loaded.outcome.quality) for alone, loaded in pairs]
    both = [(alone, loaded) for alone, loaded in scored if alone is not None and loaded is not None]
    if both:
        measures["quality"] = _means(both, 100.0)
    guilty = significant({name: each["p"] for name, each in measures.items()}, LEVEL)
    first = Counter(turn for pair in pairs if (turn := parted(pair)) is not None)
    same = len(pairs) - first.total()
    return {
        "concurrency": concurrency,
        "pairs": len(pairs),
        "unfinished": unfinished,
        "same_transcripts": same / len(pairs),
        "same_transcripts_interval": wilson(same, len(pairs)),
        "first_difference": dict(sorted(first.items())),
        "measures": measures,
        "level": LEVEL,
        "changed": bool(guilty),
        "guilty": sorted(guilty),
        "verdict": _sentence(measures, guilty, concurrency, len(pairs)),
    }


def _shares(pairs: Sequence[Pair], holds: Any) -> dict[str, Any]:
    """A yes or no of each outcome, in percent."""
    values = [(bool(holds(alone.outcome)), bool(holds(loaded.outcome))) for alone, loaded in pairs]
    found = _described([(100.0 * alone, 100.0 * loaded) for alone, loaded in values], 100.0)
    gained, lost = values.count((False, True)), values.count((True, False))
    return {**found, "gained": gained, "lost": lost, "p": mcnemar(gained, lost)}


def _means(values: Sequence[tuple[float, float]], reach: float) -> dict[str, Any]:
    return {**_described(values, reach), "p": sign_flip([loaded - alone for alone, loaded in values])}


def _described(values: Sequence[tuple[float, float]], reach: float) -> dict[str, Any]:
    """Means and their difference. `reach`: by how much an episode could have been otherwise where none was."""
    count = len(values)
    differences = [loaded - alone for alone, loaded in values]
    return {
        "n": count,
        "alone": sum(alone for alone, _ in values) / count,
        "loaded": sum(loaded for _, loaded in values) / count,
        "difference": sum(differences) / count,
        "interval": mean_interval(differences, reach),
    }


NAMES = {"played": "%Played", "won": "% won", "quality": "Quality", "violations": "broken formats an episode"}


def _sentence(measures: dict[str, dict[str, Any]], guilty: set[str], concurrency: int, count: int) -> str:
    told = measures if not guilty else {name: measures[name] for name in NAMES if name in guilty}
    parts = [
        f"{NAMES[name]} {each['alone']:.4g} -> {each['loaded']:.4g} "
        f"(difference {each['difference']:+.3g}, 95 % {each['interval'][0]:+.3g}..{each['interval'][1]:+.3g})"
        for name, each in told.items()
    ]
    if guilty:
        return f"load changed the answers: with {concurrency} conversations at once instead of one, {'; '.join(parts)}"
    return (
        f"no sign that load changed how well the model plays, {concurrency} conversations at once against one, "
        f"in {count} pairs of episodes: {'; '.join(parts)}"
    )
