"""Codenames: find your team's words on the table before the other team's are all turned over.

The cluegiver knows whose the 25 words are and replies `CLUE: ...` (one word) and `TARGETS: ...` (the words it is meant for,
commas between them), the two lines in any order. The guesser sees the words that lie face down, the clue and the number of
targets, and replies `GUESS: ...` with at most so many words. They are turned over in order, up to the first that is not the
team's. Then the opponent, who is no seat, turns over words of its own, and another round begins. Tags are case-sensitive;
words are compared in lower case, without blanks and `.,<>"'` around them. Any other reply aborts the game: more lines, a
clue with a blank, a clue with the base form of a word on the table (`clemsim_arenas.nouns`), a target or guess that does not
lie face down or is named twice, more guesses than targets. Nothing is asked again.

The team wins (100) when all its words are turned over. It loses (0) when the opponent's are, by whoever, or when it turns
over an assassin.

Kept, so that results can be compared with clembench's: the cluegiver's lists are those from before the opponent's last turn,
so that it may target a word that has gone, which aborts (O1). Whether the opponent has won is only looked at after the
next valid reply: the cluegiver is asked once more in a game that is lost (O2). A clue may hold digits, hyphens or no letter
at all (H1), and commas and digits around it are taken off only after it was compared with the table (H2). `Number of turns`
counts one round more where the guesser's reply ends the game (O4).

Rulings: what the opponent turns over is drawn from the instance's own seed, where clembench's depends on the order of play;
a recorded game has what was turned over then. A number of targets in the line of the clue counts as the guesser's validation
error, as in clembench (O3), and is blamed on the cluegiver. The generous mode, which clembench's v3.0 has without effect, is
not played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from clemsim import Arena, Outcome, Piece, Table, Transcript
from clemsim.game.events import Noted, Parsed
from clemsim_arenas.codenames.board import CLUEGIVER, GUESSER, OPPONENT, REVEALED, TEAM, Board, Deal
from clemsim_arenas.codenames.pieces import CodenamesTable, clue_list
from clemsim_arenas.codenames.reading import clue_on, guesses_on
from clemsim_arenas.codenames.scores import episode_scores, rounds_of


@dataclass(frozen=True, slots=True)
class CodenamesRules:
    """There is one rule set."""


class Codenames(Arena[Deal]):
    """Lead a partner with one-word clues to your team's words, before the other team has found its own."""

    name, version = "codenames", 1
    RULES: ClassVar[Mapping[str, CodenamesRules]] = {"v3.0": CodenamesRules()}
    seats = (CLUEGIVER, GUESSER)
    max_turns = 50

    async def play(self, table: Table, deal: Deal, /) -> Outcome:
        """Play rounds of a clue, guesses and the opponent's turn until a team has found its words."""
        board = Board.of(deal)
        ask, feedback = self.prompt("cluegiver", **board.lists()), ""
        while True:
            clue = await table.ask(CLUEGIVER, ask, parse=clue_on(board))
            if outcome := _end(board):
                return outcome
            shown = {"words": ", ".join(board.face_down), "clue": clue.word, "number": len(clue.targets)}
            told = self.prompt("guesser_again", feedback=feedback, **shown) if feedback else self.prompt("guesser", **shown)
            guesses = await table.ask(GUESSER, told, parse=guesses_on(board, clue))
            turned = board.guess(guesses)
            if outcome := _end(board):
                return outcome
            feedback = self._feedback(turned, GUESSER)
            ask = self.prompt("cluegiver_again", feedback=self._feedback(turned, CLUEGIVER), **board.lists())
            table.note(REVEALED, board.opponent_turn(table.rng))

    def _feedback(self, turned: Sequence[tuple[str, str]], seat: str) -> str:
        """Return what came of the guesses, as one line."""
        right = [word for word, kind in turned if kind == TEAM]
        parts = [self.prompt("right_one" if len(right) == 1 else "right_many", words=", ".join(right))] if right else []
        parts += [self.prompt("wrong", word=word, kind=kind) for word, kind in turned if kind != TEAM]
        return " ".join([*parts, self.prompt(f"end_{seat}")])

    def metrics(self, transcript: Transcript[Deal], /) -> Mapping[str, float | None]:
        """Return clembench's scores: how well clues and guesses hit the team's words, on average over the rounds and in the
        game as a whole, each rounded to three decimals, of any game.
        """
        return episode_scores(transcript, verbatim=self.verbatim)

    def render(self, transcript: Transcript[Deal], /) -> Sequence[Piece]:
        """Return whose the words are, and the table after each turn."""
        table = CodenamesTable(transcript.instance)
        return [table.owners(), table.drawn(0), *_tables(table, transcript)]

    def rounds(self, transcript: Transcript[Deal], /) -> Sequence[Mapping[str, float | None]]:
        """Return how well the clue and the guesses of each round hit the team's words."""
        return [each.scores for each in rounds_of(transcript)]


def _tables(table: CodenamesTable, transcript: Transcript[Deal]) -> Iterator[Piece]:
    """Yield the table after each turn, and the clues."""
    seats = {turn.asked.turn: turn.seat for turn in transcript.turns}
    clues: list[tuple[str, Sequence[str], Sequence[str]]] = []
    last = 0
    for event in transcript.events:
        if isinstance(event, Parsed) and seats.get(event.turn) == CLUEGIVER:
            clues.append((event.move["word"], event.move["targets"], ()))
            table.meant = frozenset(event.move["targets"])
        elif isinstance(event, Parsed):
            clues[-1] = (*clues[-1][:2], event.move)
            table.turn_over(event.move)
            table.meant = frozenset()
        elif isinstance(event, Noted) and event.key == REVEALED:
            table.turned |= set(event.value)
        else:
            continue
        last = event.turn if isinstance(event, Parsed) else last
        yield table.drawn(last)
    yield from clue_list(clues)


def _end(board: Board) -> Outcome | None:
    """Return the outcome of a game that is over."""
    kind = board.ended_by
    if kind is None:
        return None
    if kind == TEAM:
        return Outcome.success()
    if kind == OPPONENT:
        return Outcome.failure("the opponent's words are all turned over")
    return Outcome.failure("an assassin was turned over", blame=GUESSER)
