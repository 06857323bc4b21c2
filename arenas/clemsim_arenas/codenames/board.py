"""The instances of codenames, and the table as the game goes on: which words still lie face down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from clemsim import Instance
from clemsim.game.seeds import Dice

CLUEGIVER, GUESSER = "cluegiver", "guesser"
REVEALED = "opponent"  # the key of the notes of what the opponent turned over, one for each round from the second on
TEAM, OPPONENT, INNOCENT, ASSASSIN = KINDS = ("team", "opponent", "innocent", "assassin")


class Deal(Instance):
    """The words in the order in which they lie on the table, and whose they are. `pace`: how many words the opponent turns
    over before each round from the second on. `reveals`: which these were, where a recording says so; else they are drawn.
    """

    words: tuple[str, ...]
    team: tuple[str, ...]
    opponent: tuple[str, ...]
    innocent: tuple[str, ...]
    assassin: tuple[str, ...]
    pace: int = 1
    reveals: tuple[tuple[str, ...], ...] | None = None


@dataclass(slots=True)
class Board:
    """The table. `turned`: the words that the team has turned over, in order, each with its kind."""

    deal: Deal
    hidden: dict[str, list[str]]
    turned: list[tuple[str, str]] = field(default_factory=list)
    opponent_turns: int = 0

    @classmethod
    def of(cls, deal: Deal) -> Board:
        """Return the table at the start."""
        return cls(deal, {kind: list(getattr(deal, kind)) for kind in KINDS})

    @property
    def face_down(self) -> list[str]:
        """The words that nobody has turned over, in the order of the table."""
        left = {word for words in self.hidden.values() for word in words}
        return [word for word in self.deal.words if word in left]

    @property
    def found(self) -> set[str]:
        """The words that the team has turned over."""
        return {word for word, _ in self.turned}

    def lists(self) -> dict[str, str]:
        """Return the hidden words of each kind as text."""
        return {kind: ", ".join(words) for kind, words in self.hidden.items()}

    def kind_of(self, word: str) -> str:
        """Return the kind of a hidden word."""
        return next(kind for kind, words in self.hidden.items() if word in words)

    def take(self, word: str) -> str:
        """Turn over a hidden word and return its kind."""
        kind = self.kind_of(word)
        self.hidden[kind].remove(word)
        return kind

    def guess(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Turn over guesses in order, up to the first word that is not the team's; return them with their kinds."""
        turned: list[tuple[str, str]] = []
        for word in words:
            turned.append((word, self.take(word)))
            if turned[-1][1] != TEAM:
                break
        self.turned += turned
        return turned

    def opponent_turn(self, dice: Dice) -> list[str]:
        """Turn over the opponent's next words, which `dice` draw unless a recording has them; return them."""
        recorded = (self.deal.reveals or ())[self.opponent_turns :]
        own = self.hidden[OPPONENT]
        drawn = (
            [word for word in recorded[0] if word in own] if recorded else dice.sample(own, min(self.deal.pace, len(own)))
        )
        self.opponent_turns += 1
        self.remove(drawn)
        return drawn

    def remove(self, words: Sequence[str]) -> None:
        """Turn over words for the opponent."""
        for word in words:
            self.take(word)

    @property
    def ended_by(self) -> str | None:
        """The kind that has ended the game: the team's words or the opponent's are all turned over, or the team has turned
        over an assassin; None while it goes on.
        """
        if not self.hidden[TEAM]:
            return TEAM
        if not self.hidden[OPPONENT]:
            return OPPONENT
        return ASSASSIN if any(kind == ASSASSIN for _, kind in self.turned) else None
