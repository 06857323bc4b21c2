"""Codenames: the table, with what lies face up and what the clue is meant for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clemsim import FactList, Grid, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.codenames.board import ASSASSIN, INNOCENT, KINDS, OPPONENT, TEAM, Deal

TONES: Mapping[str, Tone] = {TEAM: "good", OPPONENT: "near", INNOCENT: "faint", ASSASSIN: "bad"}
LEGEND: Mapping[Tone, str] = {
    "good": "the team's, turned over",
    "near": "the opponent's, turned over",
    "faint": "innocent, turned over",
    "bad": "an assassin, turned over",
    "highlight": "meant by the clue",
}
COLUMNS = 5


@dataclass(slots=True)
class CodenamesTable:
    """The table as it is drawn: the words that lie face up, and those that the present clue is meant for."""

    deal: Deal
    turned: set[str] = field(default_factory=set)
    meant: frozenset[str] = frozenset()

    def owners(self) -> Piece:
        """Return whose the words are."""
        return FactList.of({kind: ", ".join(getattr(self.deal, kind)) for kind in KINDS}, title="Whose the words are")

    def turn_over(self, words: Sequence[str]) -> None:
        """Turn words over, up to the first that is not the team's."""
        for word in words:
            self.turned.add(word)
            if word not in self.deal.team:
                break

    def drawn(self, turn: int) -> Piece:
        """Return the table after a turn."""
        cells = [self._cell(word) for word in self.deal.words]
        rows = [cells[place : place + COLUMNS] for place in range(0, len(cells), COLUMNS)]
        return Grid.of(rows, legend=LEGEND, title="The table", after=turn)

    def _cell(self, word: str) -> Toned:
        if word in self.turned:
            kind = next((kind for kind in KINDS if word in getattr(self.deal, kind)), INNOCENT)
            return Toned(f"[{word}]", TONES[kind])
        return Toned(word, "highlight" if word in self.meant else "neutral")


def clue_list(clues: Sequence[tuple[str, Sequence[str], Sequence[str]]]) -> Iterator[Piece]:
    """Yield the clues, each with what it was meant for and what was guessed."""
    facts = {
        f"{number}. {clue}": f"for {', '.join(targets)}; guessed {', '.join(guesses) or 'nothing'}"
        for number, (clue, targets, guesses) in enumerate(clues, 1)
    }
    if facts:
        yield FactList.of(facts, title="Clues")
