"""Stops a run when its question is answered: `A > B`, or `ci(clemscore) < 2`.

What is looked at, and when, must not depend on what comes out, or the answer would be wrong too often. Short episodes
end first, and how long one lasts depends on how it goes. So the instances of a run are put in one order that its seed
decides and that mixes the games in proportion; episodes begin in that order; and only the instances at its beginning that
all agents asked about have ended, in all repetitions, are looked at, one after the other. So the answer is the same at
any width and speed. Once it is there no more episodes begin; those under way end, so that short ones are not favoured in
the scores.

Instances are taken as a sample of what the games could have asked, as in all other intervals of clemsim. The mathematics
is in `sequential`: intervals that hold at all looks together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

from clemsim.errors import ArenaError, UsageError
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.game.seeds import derive
from clemsim.results.confidence_sequence import LEVEL, ConfidenceSequence
from clemsim.results.intervals import Cluster, Interval, clemscore, point
from clemsim.results.run_summary import StoppingResult
from clemsim.results.tally import Tally
from clemsim.runs.prepare import PreparedRun
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.runtime.scheduler import Scheduler
from clemsim.store import reader
from clemsim.store.folder import (
    STORE,
)
from clemsim.store.recorder import Recorder
from clemsim.store.schema import ANSWERED, QUESTION
from clemsim.store.writer import RunStore

METRICS = ("clemscore", "played", "quality")

_NARROW = re.compile(r"\s*ci\(\s*(?P<metric>\w+)\s*(?:,\s*(?P<arena>[\w-]+)\s*)?\)\s*<\s*(?P<width>[0-9.]+)\s*")
_BETTER = re.compile(r"\s*(?P<first>\S.*?)\s*(?P<sign>[<>])\s*(?P<second>\S.*?)\s*")

Unit = tuple[str, str]  # arena and instance
EndedOutcomes = Mapping[str, Sequence[Outcome]]  # by cast, its repetitions


class Criterion(Protocol):
    """What is asked, and what is known of it so far."""

    casts: Sequence[str]
    arenas: Sequence[str]

    def add(self, arena: str, ended: EndedOutcomes) -> None:
        """One more instance."""

    def answer(self) -> str:
        """`yes` or `no`, or nothing yet."""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """How it stands in words, and the intervals."""


class Better:
    """`A > B`: has one agent the higher clemscore?

    Per instance and agent the value is the mean Main Score over repetitions, an aborted episode counting 0: its mean over
    the instances of a game is that game's clemscore. What is bounded is the mean over games of the differences; as the
    clemscore of several games is made otherwise (%Played and Quality are averaged apart), that must point the same way.
    """

    def __init__(self, first: str, second: str, arenas: Sequence[str]) -> None:
        self.casts: Sequence[str] = (first, second)
        self.arenas = arenas
        self._sequence = ConfidenceSequence(len(arenas))
        self._interval: Interval = (-100.0, 100.0)
        self._clusters: dict[str, dict[str, list[Cluster]]] = {cast: defaultdict(list) for cast in self.casts}

    def add(self, arena: str, ended: EndedOutcomes) -> None:
        """One more pair."""
        first, second = (fmean(_share(each) for each in ended[cast]) for cast in self.casts)
        self._sequence.add((first - second + 1) / 2, part=self.arenas.index(arena))
        low, high = self._sequence.interval
        self._interval = 200 * low - 100, 200 * high - 100
        for cast in self.casts:
            self._clusters[cast][arena].append(Cluster.of(ended[cast]))

    def answer(self) -> str:
        """Whether the interval leaves 0 out."""
        low, high = self._interval
        if low < 0 < high:
            return ""
        ahead = self._clemscore(self.casts[0]) - self._clemscore(self.casts[1])
        return "yes" if low >= 0 and ahead > 0 else "no" if high <= 0 and ahead < 0 else ""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """The difference in points."""
        return f"difference {_span(self._interval)} points", {"difference": self._interval}

    def _clemscore(self, cast: str) -> float:
        return clemscore([point(some) for some in self._clusters[cast].values()])[2] or 0.0


class Narrow:
    """`ci(METRIC) < WIDTH` or `ci(METRIC, GAME) < WIDTH`: is every agent's interval narrower than so many points?

    Quality is bounded as the ratio that it is. The clemscore of several games is the product of %Played and Quality, each
    bounded with half of the error.
    """

    def __init__(self, metric: str, width: float, casts: Sequence[str], arenas: Sequence[str]) -> None:
        self.casts = casts
        self.arenas = arenas
        self._width = width
        self._level = LEVEL / 2 if metric == "clemscore" and len(arenas) > 1 else LEVEL
        self._metrics = ("played", "quality") if self._level < LEVEL else (metric,)
        self._sequences = {
            (cast, name): ConfidenceSequence(len(arenas), self._level) for cast in casts for name in self._metrics
        }
        self._intervals: dict[str, Interval] = dict.fromkeys(casts, (0.0, 100.0))

    def add(self, arena: str, ended: EndedOutcomes) -> None:
        """One more instance of each agent."""
        for cast in self.casts:
            low, high = 100.0, 100.0
            for name in self._metrics:
                sequence = self._sequences[cast, name]
                sequence.add(*_pair(name, ended[cast]), part=self.arenas.index(arena))
                bounds = sequence.interval
                low, high = low * bounds[0], high * bounds[1]
            self._intervals[cast] = low, high

    def answer(self) -> str:
        """Whether all are narrow enough."""
        return "yes" if all(high - low < self._width for low, high in self._intervals.values()) else ""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Each interval."""
        return "; ".join(f"{cast} {_span(found)}" for cast, found in self._intervals.items()), self._intervals


@dataclass(frozen=True, slots=True)
class _Needed:
    """An instance, and the episodes of it that must have ended."""

    unit: Unit
    keys: Mapping[str, Sequence[EpisodeKey]]


class StoppingRule:
    """A rule on its way through the instances of a run. Tell it of every outcome."""

    def __init__(self, text: str, episodes: Sequence[Episode], seed: int) -> None:
        """Raises UsageError where the rule can't be read, or asks for what the run does not play."""
        keys = [episode.key for episode in episodes]
        self._text = " ".join(text.split())
        self._rule = parse(
            text, list(dict.fromkeys(key.cast for key in keys)), list(dict.fromkeys(key.arena for key in keys))
        )
        self._place = {unit: number for number, unit in enumerate(_ordered(keys, self._rule.arenas, seed))}
        self._needed = list(_needed(keys, self._rule, self._place))
        self._outcomes: dict[EpisodeKey, Outcome] = {}
        self._seen = 0
        self.answer = ""

    def sorted(self, episodes: Iterable[Episode]) -> list[Episode]:
        """The episodes in the order in which they are to begin."""
        return sorted(episodes, key=lambda each: (self._place[each.key.arena, each.key.instance], each.key.repetition))

    def ended(self, key: EpisodeKey, outcome: Outcome) -> None:
        """An episode is over. What ends after the answer changes nothing."""
        self._outcomes[key] = outcome
        while not self.answer and self._seen < len(self._needed):
            needed = self._needed[self._seen]
            if not all(key in self._outcomes for keys in needed.keys.values() for key in keys):
                return
            self._rule.add(
                needed.unit[0], {cast: [self._outcomes[key] for key in keys] for cast, keys in needed.keys.items()}
            )
            self._seen += 1
            self.answer = self._rule.answer()

    def describe(self) -> StoppingResult:
        """Return what came of the rule so far."""
        state, intervals = self._rule.state()
        said = self.answer or "not answered"
        text = f"{self._text}: {said} after {self._seen} of {len(self._needed)} instances ({state}; 95 %, at all looks)"
        return StoppingResult(
            rule=self._text,
            answer=self.answer or None,
            looked_at=self._seen,
            instances=len(self._needed),
            intervals={name: (round(low, 2), round(high, 2)) for name, (low, high) in intervals.items()},
            text=text,
        )


def parse(text: str, casts: Sequence[str], arenas: Sequence[str]) -> Criterion:
    """The rule of a run with these casts and arenas. Raises UsageError."""
    if found := _NARROW.fullmatch(text):
        return _narrow(found["metric"], found["arena"], found["width"], casts, arenas)
    if found := _BETTER.fullmatch(text):
        first, second = (found["first"], found["second"]) if found["sign"] == ">" else (found["second"], found["first"])
        for name in (first, second):
            if name not in casts:
                raise UsageError(f"--stop-when: nobody is called {name!r}: name two of {', '.join(casts)}")
        if first == second:
            raise UsageError(f"--stop-when: {first} can't be compared with itself")
        return Better(first, second, arenas)
    raise UsageError(f"--stop-when {text}: give 'A > B', 'ci(clemscore) < 2', 'ci(played) < 5' or 'ci(quality, taboo) < 5'")


def _narrow(metric: str, arena: str | None, width: str, casts: Sequence[str], arenas: Sequence[str]) -> Criterion:
    if metric not in METRICS:
        raise UsageError(f"--stop-when: there is no {metric!r}: choose of {', '.join(METRICS)}")
    if arena and arena not in arenas:
        raise UsageError(f"--stop-when: the run does not play {arena!r}: choose of {', '.join(arenas)}")
    try:
        points = float(width)
    except ValueError:
        points = 0.0
    if not 0 < points <= 100:
        raise UsageError(f"--stop-when: {width} is no width: give points between 0 and 100")
    return Narrow(metric, points, casts, [arena] if arena else arenas)


def _ordered(keys: Iterable[EpisodeKey], asked: Sequence[str], seed: int) -> list[Unit]:
    """All instances: those of the games asked about first, shuffled within each game, games mixed in proportion."""
    units: dict[str, list[str]] = defaultdict(list)
    for arena, instance in dict.fromkeys((key.arena, key.instance) for key in keys):
        units[arena].append(instance)
    ranked = []
    for arena, instances in units.items():
        shuffled = sorted(instances, key=lambda instance: derive(seed, "stop", arena, instance))
        ranked += [(arena not in asked, (at + 0.5) / len(shuffled), arena, each) for at, each in enumerate(shuffled)]
    return [(arena, instance) for _, _, arena, instance in sorted(ranked)]


def _needed(keys: Iterable[EpisodeKey], rule: Criterion, order: Iterable[Unit]) -> Iterator[_Needed]:
    """What is looked at, in order."""
    found: dict[Unit, dict[str, list[EpisodeKey]]] = defaultdict(lambda: {cast: [] for cast in rule.casts})
    for key in keys:
        if key.cast in rule.casts and key.arena in rule.arenas:
            found[key.arena, key.instance][key.cast].append(key)
    return (_Needed(unit, found[unit]) for unit in order if unit in found)


def _pair(metric: str, ended: Sequence[Outcome]) -> tuple[float, float]:
    """What an instance adds to the two parts of a metric's ratio."""
    if metric == "played":
        return fmean(each.kind != "aborted" for each in ended), 1.0
    scored = fmean(each.quality is not None for each in ended)
    value = fmean(_share(each) for each in ended)
    return (min(value, scored), scored) if metric == "quality" else (value, 1.0)


def _share(outcome: Outcome) -> float:
    """The Main Score as a share of 100; 0 for an aborted episode."""
    quality = outcome.quality or 0.0
    if not 0 <= quality <= 100:
        raise ArenaError(f"a quality of {quality} is not between 0 and 100")
    return quality / 100


def _span(found: Interval) -> str:
    return f"{found[0]:.1f}…{found[1]:.1f}"


def _question(
    prepared: PreparedRun, workers: WorkerOptions | None, rows: Iterable[reader.EpisodeRow] = ()
) -> StoppingRule | None:
    """The question that ends the run, told of what is over. Raises UsageError."""
    config = prepared.config
    if config.stop_when is None:
        return None
    if workers:
        raise UsageError(
            "--stop-when looks at episodes in their order, which workers don't keep: leave out --workers and --ray"
        )
    question = StoppingRule(config.stop_when, prepared.episodes(), config.seed)
    for row in rows:
        if row.outcome is not None:
            question.ended(row.key, row.outcome)
    return question


def _begun(
    folder: Path, question: StoppingRule, past: Mapping[EpisodeKey, Sequence[Event]]
) -> dict[EpisodeKey, Sequence[Event]]:
    """Of a run whose question is answered: the episodes that had begun; the others are put down as left."""
    writer = RunStore(folder / STORE, create=False)
    try:
        _answered(writer, question, [key for key, events in past.items() if not events])
    finally:
        writer.close()
    return {key: events for key, events in past.items() if events}


def _answered(writer: RunStore, question: StoppingRule, left: Iterable[EpisodeKey]) -> None:
    """Put down what came of a question; where it is answered, why the episodes that are left are not played."""
    result = question.describe()
    writer.meta(QUESTION, result.model_dump(mode="json"))
    if result.answer:
        for key in left:
            writer.unfinished(key, ANSWERED, result.text)


class StoppingScheduler(Scheduler):
    """Plays until a question is answered, and puts down what came of it."""

    def __init__(
        self, prepared: PreparedRun, writer: RunStore, tally: Tally, limits: Limits | None, question: StoppingRule
    ) -> None:
        super().__init__(Recorder(writer, prepared.arenas, tally, self._ended), prepared.config.width, limits, in_order=True)
        self._writer = writer
        self._question = question

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play as many as it takes."""
        try:
            await super().play(episodes)
        finally:
            _answered(self._writer, self._question, self.left())

    def _ended(self, key: EpisodeKey, outcome: Outcome) -> None:
        self._question.ended(key, outcome)
        if self._question.answer:
            self.finish()
