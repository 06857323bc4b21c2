"""Image game: one player tells, step by step, how to draw a grid of letters; the other draws it.

The giver sees the target and gives one instruction per turn, `Command: ...` on one line (any case, one space after the
colon). `Command: DONE` (any case, any spaces) ends the game, and so does the fiftieth round. The follower answers every
instruction with the whole grid: five lines of five cells with a white space between them, only capitals and `▢`. Any other
reply aborts the game; nothing is asked again. Main score: the F1 of the filled cells of the last grid against the target, as
a whole number from 0 to 100; 99 or more is a success.

The white space between cells may be a tab or a line break, as in clembench, which then cannot read the grid:
`clemsim_arenas.imagegame.drawing` says what such a grid scores. Requests are counted as clembench counts them, by the events
that it logs: three for a reply, one for the end of the game in the fiftieth round, two for `Command: DONE`.

Rulings: a game that is done before anything was drawn (done-first) is a loss with
score 0, as in v3.0, where clembench v1.6 divides by zero; so is the fiftieth round without `Command: DONE`, where the scorer
of v1.6 fails. A grid without filled cells scores 0 (empty-grid), where clembench divides by zero and goes on with the scores
of the round before: by v3.0 in every round, by v1.6 where it is the last; that is all in which the rule sets differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Piece, Table, Transcript
from clemsim.formats import lattice, line, literal
from clemsim.game.metrics import requests
from clemsim_arenas.grids.grids import EMPTY, SIZE
from clemsim_arenas.imagegame.drawing import BLANK, NONE, GridMatch, changed, is_empty, match
from clemsim_arenas.imagegame.pieces import pictures

GIVER, FOLLOWER = "giver", "follower"
ROUNDS = 50
WON = 99  # F1 in percent
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EVENTS = 3  # that clembench logs of a reply: the ask, the reply, and what became of it

_COMMAND = re.compile(r"command: ([^\n]+)\n?", re.IGNORECASE)
_DONE = re.compile(r"\s*command\s*:\s*done\s*", re.IGNORECASE)
_ROW = rf"(?:[A-Z{EMPTY}]\s){{4}}[A-Z{EMPTY}]"
_CELLS = re.compile(rf"\n*{_ROW}(?:\n{_ROW}){{4}}\n*")


class Picture(Instance):
    """The target: a grid of letters and `▢` as text."""

    target: str


@dataclass(frozen=True, slots=True)
class ImageGameRules:
    """Which grids without filled cells score 0 by ruling: each of them, or only the one that is left at the end."""

    empty_scores_0: Literal["always", "at the end"]


def read_command(reply: str) -> str | None:
    """Return the instruction, with its tag; None where the giver is done. Raises Invalid."""
    if _DONE.fullmatch(reply):
        return None
    if not _COMMAND.fullmatch(reply):
        raise Invalid("the reply is not one line 'Command: ...'")
    return reply.partition("\n")[0]


def read_grid(reply: str) -> str:
    """Return the drawn grid as it is. Raises Invalid."""
    if not _CELLS.fullmatch(reply):
        raise Invalid(f"the reply is not a grid of {SIZE} lines with {SIZE} cells each")
    return reply


COMMAND = Parser(read_command, literal("Command: ") + line(120))
GRID = Parser(read_grid, lattice(LETTERS + EMPTY, SIZE, SIZE))


class ImageGame(Arena[Picture]):
    """Tell another player, step by step, how to draw a grid of letters."""

    name, version = "imagegame", 2
    RULES: ClassVar[Mapping[str, ImageGameRules]] = {
        "v1.6": ImageGameRules(empty_scores_0="at the end"),
        "v3.0": ImageGameRules(empty_scores_0="always"),
    }
    rules: ImageGameRules
    seats = (GIVER, FOLLOWER)
    max_turns = 2 * ROUNDS

    async def play(self, table: Table, picture: Picture, /) -> Outcome:
        """Ask for an instruction and a grid, until the giver is done."""
        table.tell(FOLLOWER, self.prompt("follower"))
        ask, drawn, agreement = self.prompt("giver", target=picture.target), BLANK, NONE
        for _ in range(ROUNDS):
            command = await table.ask(GIVER, ask, parse=COMMAND)
            if command is None:
                break
            drawn = await table.ask(FOLLOWER, command, parse=GRID)
            agreement = self._match(picture, drawn, agreement)
            ask = self.prompt("next")
        if is_empty(drawn):
            agreement = NONE
        if agreement.f1 >= WON:
            return Outcome.success(agreement.f1)
        return Outcome.failure("the grid is not the target", quality=agreement.f1)

    def metrics(self, transcript: Transcript[Picture], /) -> Mapping[str, float | None]:
        """Return precision, recall and F1 in percent, and means over the rounds, undefined for an aborted game; and the
        counts of requests.
        """
        done = self._rounds(transcript)
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        drawn = next(reversed(transcript.moves(FOLLOWER)), BLANK)
        own: dict[str, float | None] = {
            **{name: 0.0 if is_empty(drawn) else done[-1][name] for name in ("Precision", "Recall", "F1")},
            "Average Changed Cell Count": _mean(done, "Changed Cell Count"),
            "Average Generated Instruction Length": _mean(done, "Generated Expression Length"),
            "Average Generated Expression Number of Tokens": _mean(done, "Generated Expression Number of Tokens"),
        }
        return {**(dict.fromkeys(own) if aborted else own), **_request_counts(transcript)}

    def render(self, transcript: Transcript[Picture], /) -> Sequence[Piece]:
        """Return the target, and the grid after each instruction against it."""
        grids = [turn for turn in transcript.turns if turn.seat == FOLLOWER and turn.parsed is not None]
        return [*pictures(transcript.instance.target, [(turn.asked.turn, turn.move) for turn in grids])]

    def rounds(self, transcript: Transcript[Picture], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each round the length of the instruction, how many cells changed, how well the grid agrees, and the
        counts of requests.
        """
        return self._rounds(transcript)

    def _rounds(self, transcript: Transcript[Picture]) -> list[dict[str, float]]:
        """Return the scores of the rounds that ended with a grid."""
        scores: list[dict[str, float]] = []
        before, agreement = BLANK, NONE
        commands = [move for move in transcript.moves(GIVER) if move is not None]
        for number, (command, drawn) in enumerate(zip(commands, transcript.moves(FOLLOWER), strict=False), 1):
            agreement = self._match(transcript.instance, drawn, agreement)
            events = float(2 * EVENTS + (number == ROUNDS))
            scores.append(
                {
                    **_lengths(command),
                    "Precision": agreement.precision,
                    "Recall": agreement.recall,
                    "F1": agreement.f1,
                    "Changed Cell Count": float(changed(before, drawn)),
                    "Request Count": events,
                    "Parsed Request Count": events,
                    "Violated Request Count": 0.0,
                }
            )
            before = drawn
        return scores

    def _match(self, picture: Picture, drawn: str, before: GridMatch) -> GridMatch:
        if self.rules.empty_scores_0 == "always" and is_empty(drawn):
            return NONE
        return match(picture.target, drawn, before)


def _lengths(command: str) -> dict[str, float]:
    instruction = command.replace("Instruction:", "").strip()
    return {
        "Generated Expression Length": float(len(instruction)),
        "Generated Expression Number of Tokens": float(len(instruction.split(" "))),
    }


def _request_counts(transcript: Transcript[Picture]) -> dict[str, float | None]:
    """Return the counts of events; that of the end, which `Command: DONE` makes, is none of them."""
    turns = transcript.turns
    done = any(turn.seat == GIVER and turn.parsed is not None and turn.move is None for turn in turns)
    last = sum(1 for turn in turns if turn.seat == FOLLOWER and turn.parsed is not None) == ROUNDS
    counts = requests(EVENTS * len(turns) - done + last, sum(turn.rejected is not None for turn in turns))
    ratio = counts["Request Success Ratio"]
    return {**counts, "Request Success Ratio": None if ratio is None else round(ratio, 4)}


def _mean(done: Sequence[Mapping[str, float]], name: str) -> float:
    return round(sum(round_[name] for round_ in done) / len(done), 4) if done else 0.0
