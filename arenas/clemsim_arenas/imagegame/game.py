"""Image game: one player tells, step by step, how to draw a grid of letters; the other draws it.

The giver sees the target and gives one instruction per turn, `Command: ...` on one line (any case, one space after the
colon). `Command: DONE` (any case, any spaces) ends the game, and so does the fiftieth round. The follower answers every
instruction with the whole grid: five lines of five cells with a space between them, only capitals and `▢`. Any other reply
aborts the game; nothing is asked again. Main score: the F1 of the filled cells of the last grid against the target, as a
whole number from 0 to 100; 99 or more is a success. A game that is done before anything was drawn is a loss with score 0
(clembench divides by zero there).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Table, Transcript
from clemsim.formats import lattice, line, literal
from clemsim_arenas.grids.grids import EMPTY, SIZE

GIVER, FOLLOWER = "giver", "follower"
ROUNDS = 50
WON = 99  # F1 in percent
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK = "\n".join([" ".join([EMPTY] * SIZE)] * SIZE)

_COMMAND = re.compile(r"command: [^\n]+", re.IGNORECASE)
_DONE = re.compile(r"\s*command\s*:\s*done\s*", re.IGNORECASE)
_ROW = rf"(?:[A-Z{EMPTY}]\s){{4}}[A-Z{EMPTY}]"


class Picture(Instance):
    """The target: a grid of letters and `▢` as text."""

    target: str


def read_command(reply: str) -> str | None:
    """Return the instruction; None where the giver is done. Raises Invalid."""
    if _DONE.fullmatch(reply):
        return None
    if not _COMMAND.fullmatch(reply):
        raise Invalid("the reply is not one line 'Command: ...'")
    return reply


COMMAND = Parser(read_command, literal("Command: ") + line(120))
_CELLS = re.compile(rf"{_ROW}(?:\n{_ROW}){{4}}")


def read_grid(reply: str) -> str:
    """Return the drawn grid. Raises Invalid."""
    if not _CELLS.fullmatch(reply):
        raise Invalid(f"the reply is not a grid of {SIZE} lines with {SIZE} cells each")
    return reply


GRID = Parser(read_grid, lattice(LETTERS + EMPTY, SIZE, SIZE))


@dataclass(frozen=True, slots=True)
class GridMatch:
    """How well a grid agrees with the target: shares of 0 to 1, rounded to four decimals."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return round(2 * self.precision * self.recall / total, 4) if total else 0.0


class ImageGame(Arena[Picture]):
    """Tell another player, step by step, how to draw a grid of letters."""

    name, version = "imagegame", 1
    seats = (GIVER, FOLLOWER)
    max_turns = 2 * ROUNDS

    async def play(self, table: Table, picture: Picture, /) -> Outcome:
        """Ask for an instruction and a grid, until the giver is done."""
        table.tell(FOLLOWER, self.prompt("follower"))
        ask, drawn = self.prompt("giver", target=picture.target), BLANK
        for _ in range(ROUNDS):
            command = await table.ask(GIVER, ask, parse=COMMAND)
            if command is None:
                break
            drawn = await table.ask(FOLLOWER, command, parse=GRID)
            ask = self.prompt("next")
        score = percent(match(picture.target, drawn).f1)
        if score >= WON:
            return Outcome.success(score)
        return Outcome.failure("the grid is not the target", quality=score)

    def metrics(self, transcript: Transcript[Picture], /) -> Mapping[str, float | None]:
        """Return precision, recall and F1 in percent, and means over the rounds; undefined for an aborted game."""
        done = list(_rounds(transcript))
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        last = done[-1] if done else {"Precision": 0.0, "Recall": 0.0, "F1": 0.0}
        return {
            **{name: None if aborted else last[name] for name in ("Precision", "Recall", "F1")},
            "Average Changed Cell Count": None if aborted else _mean(done, "Changed Cell Count"),
            "Average Generated Instruction Length": None if aborted else _mean(done, "Generated Expression Length"),
            "Average Generated Expression Number of Tokens": None
            if aborted
            else _mean(done, "Generated Expression Number of Tokens"),
        }

    def rounds(self, transcript: Transcript[Picture], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each round the length of the instruction, how many cells changed, and how well the grid agrees."""
        return list(_rounds(transcript))


def match(target: str, drawn: str) -> GridMatch:
    """Return precision and recall of the filled cells; a cell is right with the right letter in the right place."""
    expected, cells = target.upper().split(), drawn.upper().split()
    right = sum(1 for wanted, cell in zip(expected, cells, strict=True) if wanted == cell != EMPTY)
    return GridMatch(_share(right, _filled(cells)), _share(right, _filled(expected)))


def percent(share: float) -> float:
    """Return a share as a whole number of percent."""
    return float(round(share * 100))


def _rounds(transcript: Transcript[Picture]) -> Iterator[dict[str, float]]:
    target, before = transcript.instance.target, BLANK
    commands = [move for move in transcript.moves(GIVER) if move is not None]
    for command, drawn in zip(commands, transcript.moves(FOLLOWER), strict=False):
        agreement = match(target, drawn)
        yield {
            "Generated Expression Length": float(len(command)),
            "Generated Expression Number of Tokens": float(len(command.split(" "))),
            "Precision": percent(agreement.precision),
            "Recall": percent(agreement.recall),
            "F1": percent(agreement.f1),
            "Changed Cell Count": float(sum(a != b for a, b in zip(before.split(), drawn.split(), strict=True))),
        }
        before = drawn


def _filled(cells: Sequence[str]) -> int:
    return sum(cell != EMPTY for cell in cells)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _mean(done: Sequence[Mapping[str, float]], name: str) -> float | None:
    return round(sum(round_[name] for round_ in done) / len(done), 2) if done else None
