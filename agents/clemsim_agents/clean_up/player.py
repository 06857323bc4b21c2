"""The baseline of clean_up: the first seat tells where its objects lie, and the second puts its own there.

Meanwhile the first seat waits, and agrees to end when it is asked. The second moves an object out of the way where two are
in each other's places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from clemsim_arenas.clean_up.reading import COMMANDS, Commands
from clemsim_arenas.clean_up.room import FREE, Cell
from clemsim_arenas.negotiations.seats import FIRST

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

_BOARD = re.compile(r"```\n( 1234567\n.*?)\n?```", re.DOTALL)
_PLACE = re.compile(r"([A-Z]) \((\d), (\d)\)")
_LETTER = re.compile(r"[A-Z]")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return the next command."""
        board = read(view)
        if view.seat == FIRST:
            return Message(view.seat, board.commands.say + board.first_says(view))
        return Message(view.seat, board.next_command(heard(view)))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a seat sees: its commands, where its objects lie, and which other cells are free."""

    commands: Commands
    objects: Mapping[str, Cell]
    free: frozenset[Cell]

    def first_says(self, view: View) -> str:
        """Return where the objects lie; later a sign of patience, and agreement where the other asks for it."""
        if self.commands.question in view.ask.content and len(view) > 1:
            return self.commands.answer
        if len(view) > 1:
            return "OK"
        return ", ".join(f"{letter} ({column}, {row})" for letter, (column, row) in self.objects.items())

    def next_command(self, places: Mapping[str, Cell]) -> str:
        """Return a move of an object to its place, or out of the way of others; a question where all are in place."""
        away = {letter: places[letter] for letter, cell in self.objects.items() if cell != places.get(letter, cell)}
        for letter, cell in away.items():
            if cell in self.free:
                return self.commands.moved(letter, *cell)
        aside = sorted(self.free - set(places.values()))
        if away and aside:
            return self.commands.moved(next(iter(away)), *aside[0])
        return self.commands.say + self.commands.question


def heard(view: View) -> dict[str, Cell]:
    """Return the places that the other seat has told."""
    told = [_PLACE.findall(message.content.rpartition("```")[2]) for message in view if message.author == MODERATOR]
    return {letter: (int(column), int(row)) for letter, column, row in next((places for places in told if places), [])}


def read(view: View) -> Seen:
    """Return the board that the seat has seen last. Raises UsageError for other prompts than the arena's own."""
    boards = [board for message in view if message.author == MODERATOR for board in _BOARD.findall(message.content)]
    commands = next((own for own in COMMANDS.values() if f"\n{own.say}<" in view[0].content), None)
    if not boards or commands is None:
        raise unreadable(view)
    rows = enumerate(boards[-1].splitlines()[1:])
    pieces = {(column, row): piece for row, line in rows for column, piece in enumerate(line[:9])}
    objects = {piece: cell for cell, piece in pieces.items() if _LETTER.fullmatch(piece)}
    return Seen(commands, objects, frozenset(cell for cell, piece in pieces.items() if piece == FREE))
