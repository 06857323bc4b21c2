"""A stopping rule observes the outcomes of a run, and says when it is answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.stopping_result import StoppingResult
from clemsim.runs.stopping.criteria import CastOutcomes, Shape
from clemsim.runs.stopping.order import Block, blocks, ordered, sizes
from clemsim.runs.stopping.outlook import outlook
from clemsim.runs.stopping.parsing import parse
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.observer import Observer


class StoppingRule(Observer):
    """The stopping rule of a run: it observes the outcomes, and calls `when_answered` once it is answered."""

    def __init__(self, text: str, episodes: Sequence[Episode], seed: int) -> None:
        """Raises UsageError where the rule cannot be read, or asks for what the run does not play."""
        keys = [episode.key for episode in episodes]
        self.answer = ""
        self.when_answered: Callable[[], None] = lambda: None
        self._text = " ".join(text.split())
        repetitions = len({key.repetition for key in keys})
        self._shape = Shape(list(dict.fromkeys(key.cast for key in keys)), sizes(keys), repetitions)
        self._criterion = parse(text, self._shape)
        order = ordered(keys, self._criterion.arenas, seed)
        self._position = {unit: number for number, unit in enumerate(order)}
        self._blocks = blocks(keys, self._criterion.casts, self._criterion.arenas, order)
        self._outcomes: dict[EpisodeKey, Outcome] = {}
        self._looked_at = 0  # blocks

    def sorted(self, episodes: Iterable[Episode]) -> list[Episode]:
        """Return the episodes in the order in which they are to begin."""
        return sorted(
            episodes,
            key=lambda episode: (self._position[episode.key.arena, episode.key.instance], episode.key.repetition),
        )

    def outlook(self) -> str:
        """Return in one line what these instances cannot answer, at best or usually; empty: nothing is to be said."""
        return outlook(self._text, lambda: parse(self._text, self._shape), self._blocks)

    def finished(self, result: Result) -> None:
        """Take in the result of an episode."""
        if result.outcome:
            self.take(result.key, result.outcome)

    def take(self, key: EpisodeKey, outcome: Outcome) -> None:
        """Take in the outcome of an episode. Outcomes after the answer change nothing."""
        self._outcomes[key] = outcome
        while not self.answer and self._looked_at < len(self._blocks):
            block = self._blocks[self._looked_at]
            if not all(key in self._outcomes for instance in block for keys in instance.keys.values() for key in keys):
                return
            self.answer = self._look_at(block)
            if self.answer:
                self.when_answered()

    def describe(self) -> StoppingResult:
        """Return how the rule stands: answer, instances looked at, intervals in points, and all of it as one line."""
        state, intervals = self._criterion.state()
        answer = self.answer or "not answered"
        looked_at, instances = _instances(self._blocks[: self._looked_at]), _instances(self._blocks)
        text = f"{self._text}: {answer} after {looked_at} of {instances} instances ({state}; 95 %, at all looks)"
        return StoppingResult(
            rule=self._text,
            answer=self.answer or None,
            looked_at=looked_at,
            instances=instances,
            intervals={name: (round(low, 2), round(high, 2)) for name, (low, high) in intervals.items()},
            text=text,
            quantity=self._criterion.quantity,
            agents=tuple(self._criterion.casts),
        )

    def _look_at(self, block: Block) -> str:
        games: dict[str, list[CastOutcomes]] = defaultdict(list)
        for instance in block:
            ended = {cast: [self._outcomes[key] for key in keys] for cast, keys in instance.keys.items()}
            games[instance.arena].append(ended)
        self._criterion.add(dict(sorted(games.items())))
        self._looked_at += 1
        return self._criterion.answer()


def _instances(some: Iterable[Block]) -> int:
    return sum(map(len, some))
