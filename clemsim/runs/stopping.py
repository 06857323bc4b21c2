"""Stops a run when its stopping rule is answered: `A > B`, or `ci(clemscore) < 2`.

What is looked at, and when, must not depend on what comes out, or the answer would be wrong too often. Short episodes
end first, and how long one lasts depends on how it goes. So the seed of a run decides one order of its instances, which
mixes the games in proportion; episodes begin in that order; and the rule looks, one after the other, only at the
instances at its beginning that all agents in question have ended, in all repetitions. So the answer is the same at any
width and speed. Once it is there no more episodes begin; those under way end, so that short ones are not favoured in the
scores.

Instances are taken as a sample of what the games could have asked, as in all other intervals of clemsim. The mathematics
is in `results.confidence_sequence`: intervals that hold at all looks together.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

from clemsim.errors import ArenaError, UsageError
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.game.seeds import derive
from clemsim.results.clusters import Cluster, clemscore, point
from clemsim.results.confidence_sequence import LEVEL, ConfidenceSequence
from clemsim.results.intervals import Interval
from clemsim.results.run_summary import StoppingResult
from clemsim.runs.prepare import PreparedRun
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Broadcast, Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow
from clemsim.store.schema import ANSWERED, QUESTION
from clemsim.store.writer import RunStore

METRICS = ("clemscore", "played", "quality")

_NARROW = re.compile(r"\s*ci\(\s*(?P<metric>\w+)\s*(?:,\s*(?P<arena>[\w-]+)\s*)?\)\s*<\s*(?P<width>[0-9.]+)\s*")
_BETTER = re.compile(r"\s*(?P<first>\S.*?)\s*(?P<sign>[<>])\s*(?P<second>\S.*?)\s*")

Unit = tuple[str, str]  # arena and instance
CastOutcomes = Mapping[str, Sequence[Outcome]]  # by cast, of its repetitions


class Criterion(Protocol):
    """What a rule asks, and what is known of it so far."""

    casts: Sequence[str]
    arenas: Sequence[str]

    def add(self, arena: str, ended: CastOutcomes) -> None:
        """Take in the outcomes of one more instance."""

    def answer(self) -> str:
        """Return `yes` or `no`; empty: no answer yet."""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Return how it stands in words, and the intervals in points."""


class Better:
    """`A > B`: does one agent have the higher clemscore?

    The value of an instance for an agent is the mean Main Score over repetitions, where an aborted episode counts 0; its
    mean over the instances of a game is that game's clemscore. The bounded quantity is the mean over games of the
    differences. The clemscore of several games is made in another way (%Played and Quality are averaged apart), so it must
    point the same way.
    """

    def __init__(self, first: str, second: str, arenas: Sequence[str]) -> None:
        self.casts: Sequence[str] = (first, second)
        self.arenas = arenas
        self._sequence = ConfidenceSequence(len(arenas))
        self._interval: Interval = (-100.0, 100.0)
        self._clusters: dict[str, dict[str, list[Cluster]]] = {cast: defaultdict(list) for cast in self.casts}

    def add(self, arena: str, ended: CastOutcomes) -> None:
        """Take in one more pair."""
        first, second = (fmean(_share(outcome) for outcome in ended[cast]) for cast in self.casts)
        self._sequence.add((first - second + 1) / 2, part=self.arenas.index(arena))
        low, high = self._sequence.interval
        self._interval = 200 * low - 100, 200 * high - 100
        for cast in self.casts:
            self._clusters[cast][arena].append(Cluster.of(ended[cast]))

    def answer(self) -> str:
        """Answer once the interval leaves 0 out."""
        low, high = self._interval
        if low < 0 < high:
            return ""
        ahead = self._clemscore(self.casts[0]) - self._clemscore(self.casts[1])
        return "yes" if low >= 0 and ahead > 0 else "no" if high <= 0 and ahead < 0 else ""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Return the difference."""
        return f"difference {_span(self._interval)} points", {"difference": self._interval}

    def _clemscore(self, cast: str) -> float:
        return clemscore([point(clusters) for clusters in self._clusters[cast].values()])[2] or 0.0


class Narrow:
    """`ci(METRIC) < WIDTH` or `ci(METRIC, GAME) < WIDTH`: is every agent's interval narrower than so many points?

    Quality is bounded as a ratio. The clemscore of several games is the product of %Played and Quality, each bounded with
    half of the error.
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

    def add(self, arena: str, ended: CastOutcomes) -> None:
        """Take in one more instance of each agent."""
        for cast in self.casts:
            low, high = 100.0, 100.0
            for name in self._metrics:
                sequence = self._sequences[cast, name]
                sequence.add(*_pair(name, ended[cast]), part=self.arenas.index(arena))
                bounds = sequence.interval
                low, high = low * bounds[0], high * bounds[1]
            self._intervals[cast] = low, high

    def answer(self) -> str:
        """Answer once all intervals are narrow enough."""
        return "yes" if all(high - low < self._width for low, high in self._intervals.values()) else ""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Return each interval."""
        return "; ".join(f"{cast} {_span(interval)}" for cast, interval in self._intervals.items()), self._intervals


@dataclass(frozen=True, slots=True)
class _Needed:
    """An instance, and its episodes that must have ended."""

    unit: Unit
    keys: Mapping[str, Sequence[EpisodeKey]]


class StoppingRule(Observer):
    """The stopping rule of a run: it observes the outcomes, and calls `when_answered` once it is answered."""

    def __init__(self, text: str, episodes: Sequence[Episode], seed: int) -> None:
        """Raises UsageError where the rule cannot be read, or asks for what the run does not play."""
        keys = [episode.key for episode in episodes]
        self.answer = ""
        self.when_answered: Callable[[], None] = lambda: None
        self._text = " ".join(text.split())
        casts, arenas = list(dict.fromkeys(key.cast for key in keys)), list(dict.fromkeys(key.arena for key in keys))
        self._criterion = parse(text, casts, arenas)
        order = _ordered(keys, self._criterion.arenas, seed)
        self._position = {unit: number for number, unit in enumerate(order)}
        self._needed = list(_needed(keys, self._criterion, order))
        self._outcomes: dict[EpisodeKey, Outcome] = {}
        self._looked_at = 0  # instances

    def sorted(self, episodes: Iterable[Episode]) -> list[Episode]:
        """Return the episodes in the order in which they are to begin."""
        return sorted(
            episodes,
            key=lambda episode: (self._position[episode.key.arena, episode.key.instance], episode.key.repetition),
        )

    def finished(self, result: Result) -> None:
        """Take in the result of an episode."""
        if result.outcome:
            self.take(result.key, result.outcome)

    def take(self, key: EpisodeKey, outcome: Outcome) -> None:
        """Take in the outcome of an episode. Outcomes after the answer change nothing."""
        self._outcomes[key] = outcome
        while not self.answer and self._looked_at < len(self._needed):
            needed = self._needed[self._looked_at]
            if not all(key in self._outcomes for keys in needed.keys.values() for key in keys):
                return
            outcomes = {cast: [self._outcomes[key] for key in keys] for cast, keys in needed.keys.items()}
            self._criterion.add(needed.unit[0], outcomes)
            self._looked_at += 1
            self.answer = self._criterion.answer()
            if self.answer:
                self.when_answered()

    def describe(self) -> StoppingResult:
        """Return how the rule stands: answer, instances looked at, intervals in points, and all of it as one line."""
        state, intervals = self._criterion.state()
        answer = self.answer or "not answered"
        text = (
            f"{self._text}: {answer} after {self._looked_at} of {len(self._needed)} instances ({state}; 95 %, at all looks)"
        )
        return StoppingResult(
            rule=self._text,
            answer=self.answer or None,
            looked_at=self._looked_at,
            instances=len(self._needed),
            intervals={name: (round(low, 2), round(high, 2)) for name, (low, high) in intervals.items()},
            text=text,
        )


class StoppingScheduler(Scheduler):
    """Plays until a stopping rule is answered, and records the answer."""

    def __init__(
        self,
        observer: Observer,
        store: RunStore,
        rule: StoppingRule,
        width: int | None,
        limits: Limits | None,
        *,
        most: int = sys.maxsize,
    ) -> None:
        super().__init__(Broadcast(observer, rule), width, limits, in_order=True, most=most)
        self._store = store
        self._rule = rule
        rule.when_answered = self.finish

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play as many episodes as it takes."""
        try:
            await super().play(self._rule.sorted(episodes))
        finally:
            _record_answer(self._store, self._rule, self.take_waiting())


def make_rule(prepared: PreparedRun, workers: WorkerOptions | None, rows: Iterable[EpisodeRow] = ()) -> StoppingRule | None:
    """Return the stopping rule of a run, told of the episodes in `rows` that have ended; None: the run has none.

    Raises UsageError.
    """
    config = prepared.config
    if config.stop_when is None:
        return None
    if workers:
        raise UsageError(
            "--stop-when looks at episodes in their order, which workers do not keep: leave out --workers and --ray"
        )
    rule = StoppingRule(config.stop_when, prepared.episodes, config.seed)
    for row in rows:
        if row.outcome is not None:
            rule.take(row.key, row.outcome)
    return rule


def set_aside_unbegun(folder: Path, rule: StoppingRule, episodes: Sequence[Episode]) -> list[Episode]:
    """Return the episodes that have begun, and record that the answered rule leaves the others unplayed."""
    store = RunStore(folder / STORE, create=False)
    try:
        _record_answer(store, rule, [episode.key for episode in episodes if not episode.events])
    finally:
        store.close()
    return [episode for episode in episodes if episode.events]


def _record_answer(store: RunStore, rule: StoppingRule, unplayed: Iterable[EpisodeKey]) -> None:
    """Record how the rule stands; where it is answered, that it leaves the unplayed episodes unfinished."""
    result = rule.describe()
    store.meta(QUESTION, result.model_dump(mode="json"))
    if result.answer:
        for key in unplayed:
            store.unfinished(key, ANSWERED, result.text)


def parse(text: str, casts: Sequence[str], arenas: Sequence[str]) -> Criterion:
    """Return the criterion of a run with these casts and arenas. Raises UsageError."""
    if match := _NARROW.fullmatch(text):
        return _narrow(match["metric"], match["arena"], match["width"], casts, arenas)
    if match := _BETTER.fullmatch(text):
        first, second = (match["first"], match["second"]) if match["sign"] == ">" else (match["second"], match["first"])
        for name in (first, second):
            if name not in casts:
                raise UsageError(f"--stop-when: no agent is called {name!r}: name two of {', '.join(casts)}")
        if first == second:
            raise UsageError(f"--stop-when: {first} cannot be compared with itself")
        return Better(first, second, arenas)
    raise UsageError(f"--stop-when {text}: give 'A > B', 'ci(clemscore) < 2', 'ci(played) < 5' or 'ci(quality, taboo) < 5'")


def _narrow(metric: str, arena: str | None, width: str, casts: Sequence[str], arenas: Sequence[str]) -> Criterion:
    if metric not in METRICS:
        raise UsageError(f"--stop-when: there is no {metric!r}: choose one of {', '.join(METRICS)}")
    if arena and arena not in arenas:
        raise UsageError(f"--stop-when: the run does not play {arena!r}: choose one of {', '.join(arenas)}")
    try:
        points = float(width)
    except ValueError:
        points = 0.0
    if not 0 < points <= 100:
        raise UsageError(f"--stop-when: {width} is no width: give points between 0 and 100")
    return Narrow(metric, points, casts, [arena] if arena else arenas)


def _ordered(keys: Iterable[EpisodeKey], asked: Sequence[str], seed: int) -> list[Unit]:
    """Return all instances: those of the games in `asked` first, shuffled within each game, games mixed in proportion."""
    units: dict[str, list[str]] = defaultdict(list)
    for arena, instance in dict.fromkeys((key.arena, key.instance) for key in keys):
        units[arena].append(instance)
    ranked = []
    for arena, instances in units.items():
        shuffled = sorted(instances, key=lambda instance: derive(seed, "stop", arena, instance))
        ranked += [(arena not in asked, (at + 0.5) / len(shuffled), arena, instance) for at, instance in enumerate(shuffled)]
    return [(arena, instance) for _, _, arena, instance in sorted(ranked)]


def _needed(keys: Iterable[EpisodeKey], criterion: Criterion, order: Iterable[Unit]) -> Iterator[_Needed]:
    """Return what the rule looks at, in order."""
    by_unit: dict[Unit, dict[str, list[EpisodeKey]]] = defaultdict(lambda: {cast: [] for cast in criterion.casts})
    for key in keys:
        if key.cast in criterion.casts and key.arena in criterion.arenas:
            by_unit[key.arena, key.instance][key.cast].append(key)
    return (_Needed(unit, by_unit[unit]) for unit in order if unit in by_unit)


def _pair(metric: str, ended: Sequence[Outcome]) -> tuple[float, float]:
    """Return what an instance adds to the two parts of a metric's ratio."""
    if metric == "played":
        return fmean(outcome.kind != "aborted" for outcome in ended), 1.0
    scored = fmean(outcome.quality is not None for outcome in ended)
    value = fmean(_share(outcome) for outcome in ended)
    return (min(value, scored), scored) if metric == "quality" else (value, 1.0)


def _share(outcome: Outcome) -> float:
    """Return the Main Score as a share of 100; 0 for an aborted episode."""
    quality = outcome.quality or 0.0
    if not 0 <= quality <= 100:
        raise ArenaError(f"a quality of {quality} is not between 0 and 100")
    return quality / 100


def _span(interval: Interval) -> str:
    return f"{interval[0]:.1f}…{interval[1]:.1f}"
