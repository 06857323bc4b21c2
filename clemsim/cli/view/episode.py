"""An episode of a run in the terminal: its dialogue and the drawing of its game, or what one of its seats saw."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel

from clemsim._util.text import plain
from clemsim.cli.view.pieces import drawing
from clemsim.cli.view.transcripts import MOST, heading, transcript
from clemsim.errors import UsageError
from clemsim.results.dialogue.model import Dialogue
from clemsim.results.dialogue.read import read_dialogue
from clemsim.results.dialogue.seen import SeenMessage, what_seat_saw
from clemsim.runs.drawing import Drawings
from clemsim.store.folder import read_description
from clemsim.store.reader import EpisodeRow

ROLES = {"system": "yellow", "user": "", "assistant": "bold cyan", "tool": "magenta"}


class EpisodeViews:
    """Shows episodes of a run: in full, or what the seat `seen` saw. `reasoning`: in full, not folded to a line."""

    def __init__(self, folder: Path, *, reasoning: bool = False, seen: str | None = None) -> None:
        """Raises StoreError."""
        self._description, self._drawings = read_description(folder), Drawings(folder)
        self._reasoning, self._seen = reasoning, seen

    def of(self, base: sqlite3.Connection, row: EpisodeRow) -> RenderableType:
        """Return the view of an episode. Raises StoreError, and UsageError where it has no such seat."""
        dialogue = read_dialogue(base, row, self._description)
        if self._seen is not None:
            return Group(heading(row.key), *_seen(dialogue, self._seen))
        pieces, problem = self._drawings.of(row, dialogue.events)
        drawn = drawing(pieces) if pieces or not problem else plain(f"not drawn: {problem}", "dim")
        return Group(transcript(dialogue, reasoning=self._reasoning), drawn)


def _seen(dialogue: Dialogue, seat: str) -> Iterator[RenderableType]:
    """Yield the messages that a seat saw, each under its role in the chat."""
    names = [each.name for each in dialogue.seats]
    if seat not in names:
        raise UsageError(f"{dialogue.key.label} has no seat {seat!r}: choose one of {', '.join(names)}")
    for message in what_seat_saw(dialogue, seat):
        text = message.said
        yield Panel(
            plain(text, "dim" if message.forgotten_after is not None else "", MOST),
            title=plain(_title(message)),
            border_style=ROLES[message.role],
            title_align="left",
        )


def _title(message: SeenMessage) -> str:
    parts = [message.role, f"turn {message.turn}" if message.turn else ""]
    parts += ["aside" if message.aside else ""]
    parts += [f"forgotten after turn {message.forgotten_after}" if message.forgotten_after is not None else ""]
    return ", ".join(part for part in parts if part)
