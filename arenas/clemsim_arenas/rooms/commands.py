"""The commands of the textmapworld games: `GO: DIRECTION`, or `DONE`, in any case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clemsim import Invalid, Parser
from clemsim.formats import one_of
from clemsim_arenas.rooms.walk import OPPOSITE

DIRECTIONS = tuple(OPPOSITE)
DONE = "DONE"
FORMAT = one_of(*(f"GO: {direction}" for direction in DIRECTIONS), DONE)


@dataclass(frozen=True, slots=True)
class MapCommand:
    """What the explorer does: a direction in lower case, or `DONE`."""

    action: str


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of a move, whose group is the direction, and of the end."""

    move: re.Pattern[str]
    stop: re.Pattern[str]

    def check(self, text: str) -> None:
        """Raise Invalid unless the text holds one move or the end, and not both."""
        if len(self.move.findall(text)) + (self.stop.search(text) is not None) != 1:
            raise Invalid("the command is not one 'GO: DIRECTION' and not 'DONE'")

    def action(self, text: str) -> str:
        """Return the direction as it is written, or `DONE`. Raises Invalid where the text holds neither or more than one."""
        self.check(text)
        joined = text.replace("\n", "").strip()  # clembench reads the command anew in the joined lines: a move comes first
        moved = self.move.search(joined)
        return DONE if moved is None else moved[1]


def _patterns(move: str, stop: str) -> Patterns:
    return Patterns(re.compile(move, re.IGNORECASE), re.compile(stop, re.IGNORECASE))


# By how clembench writes them: the command stands alone, or anywhere.
WRITTEN = {
    ("^GO:\\s*(north|east|west|south)$", "^DONE$"): "alone",
    ("GO:\\s*(north|east|west|south)", "DONE"): "anywhere",
}
PATTERNS = {name: _patterns(*written) for written, name in WRITTEN.items()}


def command_parser(patterns: Patterns) -> Parser[MapCommand]:
    """Return the parser of replies that are a command, or hold one."""
    return Parser(lambda reply: _read(reply, patterns), FORMAT)


def _read(reply: str, patterns: Patterns) -> MapCommand:
    action = patterns.action(reply.strip())
    return MapCommand(action if action == DONE else action.lower())


ALONE = command_parser(PATTERNS["alone"])
ANYWHERE = command_parser(PATTERNS["anywhere"])
