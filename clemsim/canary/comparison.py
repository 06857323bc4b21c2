"""Pairs the episodes of two arms, and looks at them block by block until all is answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from clemsim.canary.measures import ArmPair, Measure, PlayedArm
from clemsim.canary.verdict import CanaryMeasure
from clemsim.game.events import Event, Replied
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.view import View
from clemsim.runs.stopping.order import Unit, blocks, ordered
from clemsim.runtime.episode import Result
from clemsim.runtime.observer import Observer

ARMS = ("A", "B")
MOST_UNFINISHED = 0.05  # share of pairs that may be left out before nothing counts as the same any more


class Comparison:
    """The pairs of two arms in the order in which they are looked at, and how the measures stand."""

    def __init__(self, keys: Sequence[EpisodeKey], seed: int, make: Callable[[int], Sequence[Measure]]) -> None:
        """`keys`: the episodes of one arm. `make` returns the measures for so many blocks."""
        self.order: list[Unit] = ordered(keys, (), seed)
        casts = {key.cast for key in keys}
        self._blocks = [
            [(one.arena, key.instance) for one in block for each in one.keys.values() for key in each]
            for block in blocks(keys, list(casts), list({key.arena for key in keys}), self.order)
        ]
        self.measures = make(len(self._blocks))
        self.looked_at = 0
        self.unfinished: Counter[str] = Counter()
        self.when_answered: Callable[[], None] = lambda: None
        self.when_ended: Callable[[], None] = lambda: None
        self._ended: dict[str, dict[Unit, PlayedArm | None]] = {arm: {} for arm in ARMS}
        self._next = 0  # block
        self._same = 0

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.order)

    @property
    def same_transcripts(self) -> float | None:
        """The share of the pairs looked at whose replies agree word for word."""
        return self._same / self.looked_at if self.looked_at else None

    def ended(self, arm: str) -> int:
        """Return how many episodes of an arm have ended, or were given up."""
        return len(self._ended[arm])

    def states(self) -> list[CanaryMeasure]:
        """Return how the measures stand. Where too many pairs were left out nothing counts as the same."""
        states = [measure.state() for measure in self.measures]
        if too_many_unfinished(self.unfinished, self.looked_at):
            states = [state.model_copy(update={"answer": "open"}) if state.answer == "same" else state for state in states]
        return states

    @property
    def answer(self) -> str:
        """`worse`, `same`, or `open`. Speed counts only where it was measured."""
        answers = {state.answer for state in self.states() if state.pairs or state.name != "speed"}
        return "worse" if "worse" in answers else "open" if "open" in answers else "same"

    def take(self, arm: str, unit: Unit, played: PlayedArm | None) -> None:
        """Take in an episode of an arm; None: the infrastructure kept it from ending."""
        self._ended[arm][unit] = played
        self.when_ended()
        while self._next < len(self._blocks) and all(
            unit in self._ended[arm] for arm in ARMS for unit in self._blocks[self._next]
        ):
            self._look_at(self._blocks[self._next])
            self._next += 1
            if self.answer != "open":
                self._next = len(self._blocks)
                self.when_answered()

    def _look_at(self, units: Sequence[Unit]) -> None:
        games: dict[str, list[ArmPair]] = defaultdict(list)
        for arena, instance in units:
            a, b = (self._ended[arm][arena, instance] for arm in ARMS)
            if a and b:
                games[arena].append((a, b))
            else:
                self.unfinished.update(arm for arm, played in zip(ARMS, (a, b), strict=True) if played is None)
        if len(games) < len({arena for arena, _ in units}):
            return  # a game would count too little
        self.looked_at += sum(map(len, games.values()))
        self._same += sum(a.replies == b.replies for pairs in games.values() for a, b in pairs)
        for measure in self.measures:
            measure.add(dict(sorted(games.items())))


@dataclass(slots=True)
class _Under:
    """An episode under way: what its replies cost, and what they said."""

    tokens: int = 0
    seconds: float = 0.0
    replies: dict[int, str] = field(default_factory=dict)


class ArmObserver(Observer):
    """Observes the episodes of one arm for the comparison."""

    def __init__(self, arm: str, comparison: Comparison) -> None:
        self._arm = arm
        self._comparison = comparison
        self._under_way: dict[EpisodeKey, _Under] = defaultdict(_Under)

    def record(self, key: EpisodeKey, index: int, events: Iterable[Event]) -> None:
        """Keep the replies."""
        replies = self._under_way[key].replies
        for event in events:
            if isinstance(event, Replied):
                replies[event.turn] = event.said

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Count what a turn took."""
        if message.usage:
            self._under_way[key].tokens += message.usage.tokens_out
            self._under_way[key].seconds += message.usage.seconds

    def finished(self, result: Result) -> None:
        """Hand the episode over."""
        under = self._under_way.pop(result.key, _Under())
        played = played_arm(result.outcome, under.tokens, under.seconds, under.replies) if result.outcome else None
        self._comparison.take(self._arm, (result.key.arena, result.key.instance), played)


def played_arm(outcome: Outcome, tokens: int, seconds: float, replies: dict[int, str]) -> PlayedArm:
    """Return what an arm made of an instance; `replies` by turn."""
    return PlayedArm(outcome, tokens, seconds, tuple(replies[turn] for turn in sorted(replies)))


def too_many_unfinished(unfinished: Mapping[str, int], looked_at: int) -> bool:
    """Return whether so many episodes were left out that nothing counts as the same."""
    left_out = sum(unfinished.values())
    return left_out > MOST_UNFINISHED * (left_out + looked_at)
