"""Image game: one tells, step by step, how to draw a grid of letters; the other draws it.

The giver sees the target and gives one instruction a turn, `Command: ...` on one line (any case, one space after the colon);
`Command: DONE` (any case, any spaces) ends the game, as do fifty rounds. The follower answers every instruction with the
whole grid: five lines of five cells, a space between them, only capitals and `▢`. Any other reply aborts; nothing is asked
again. Main score: the F1 of the filled cells of the last grid against the target, as a whole number of 0 to 100; 99 and more
is a success. Done before anything was drawn is a failure with 0 (clembench divides by zero there).
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
    """A grid as text: letters and `▢`."""

    target: str


def read_command(reply: str) -> str | None:
    """The instruction as it stands; None for being done. Raises Invalid."""
    if _DONE.fullmatch(reply):
        return None
    if not _COMMAND.fullmatch(reply):
        raise Invalid("the reply is not one line 'Command: ...'")
    return reply


COMMAND = Parser(read_command, literal("Command: ") + line(120))
_CELLS = re.compile(rf"{_ROW}(?:\n{_ROW}){{4}}")


def read_grid(reply: str) -> str:
    """The drawn grid. Raises Invalid."""
    if not _CELLS.fullmatch(reply):
        raise Invalid(f"the reply is not a grid of {SIZE} lines with {SIZE} cells each")
    return reply


GRID = Parser(read_grid, lattice(LETTERS + EMPTY, SIZE, SIZE))


@dataclass(frozen=True, slots=True)
class Match:
    """How well a grid agrees with the target; all of 0 to 1, rounded to four decimals."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return round(2 * self.precision * self.recall / both, 4) if both else 0.0


class ImageGame(Arena[Picture]):
    """Tell another player, step by step, how to draw a grid of letters."""

    name, version = "imagegame", 1
    seats = (GIVER, FOLLOWER)
    max_turns = 2 * ROUNDS

    async def play(self, table: Table, picture: Picture, /) -> Outcome:
        """An instruction and a grid, until the giver is done."""
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
        """Precision, recall and F1 in percent, and means over the rounds; undefined when aborted."""
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
        """The instruction's length, how many cells changed, and how well the grid agrees so far."""
        return list(_rounds(transcript))


def match(target: str, drawn: str) -> Match:
    """Precision and recall of the filled cells; a cell is right with the right letter in the right place."""
    wanted, found = target.upper().split(), drawn.upper().split()
    right = sum(1 for want, cell in zip(wanted, found, strict=True) if want == cell != EMPTY)
    return Match(_share(right, _filled(found)), _share(right, _filled(wanted)))


def percent(share: float) -> float:
    """As a whole number of percent."""
    return float(round(share * 100))


def _rounds(transcript: Transcript[Picture]) -> Iterator[dict[str, float]]:
    target, before = transcript.instance.target, BLANK
    commands = [move for move in transcript.moves(GIVER) if move is not None]
    for command, drawn in zip(commands, transcript.moves(FOLLOWER), strict=False):
        found = match(target, drawn)
        yield {
            "Generated Expression Length": float(len(command)),
            "Generated Expression Number of Tokens": float(len(command.split(" "))),
            "Precision": percent(found.precision),
            "Recall": percent(found.recall),
            "F1": percent(found.f1),
            "Changed Cell Count": float(sum(a != b for a, b in zip(before.split(), drawn.split(), strict=True))),
        }
        before = drawn


def _filled(cells: Sequence[str]) -> int:
    return sum(cell != EMPTY for cell in cells)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _mean(done: Sequence[Mapping[str, float]], name: str) -> float | None:
    return round(sum(each[name] for each in done) / len(done), 2) if done else None
