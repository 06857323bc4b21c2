"""How the games of a recorded run draw its episodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from clemsim.arena import Arena, find_arena
from clemsim.catalog.plugins import registered
from clemsim.errors import BadInstance, ClemsimError
from clemsim.game.events import Event
from clemsim.game.pieces import Piece, pieces_of
from clemsim.game.transcript import Transcript
from clemsim.runs.prepare import recorded_arenas
from clemsim.store.folder import read_config
from clemsim.store.reader import EpisodeRow


class Drawings:
    """Draws the episodes of a run. Its games are loaded when the first one is drawn; their code is loaded only where the
    user has run it before, or trusts it (`trust`).
    """

    def __init__(self, folder: Path, *, trust: bool = False) -> None:
        self._folder, self._trust = folder, trust
        self._arenas: dict[str, Arena[Any]] | None = None
        self._imported = False  # its games are known by their names alone, and some are not here
        self._problem = ""

    def of(self, row: EpisodeRow, events: Iterable[Event]) -> tuple[Sequence[Piece], str]:
        """Return the pieces of an episode so far, and why there are none where that is to be told: a game whose code is not
        loaded, an instance of an imported run that lacks something, or a mistake in `render`.
        """
        try:
            arena = self._arena(row.key.arena)
            if arena is None:
                return (), self._problem
            if type(arena).render is Arena.render:
                return (), ""
            transcript = Transcript(row.key, arena.load(row.data), tuple(events))
            return pieces_of(arena, transcript), ""
        except BadInstance as error:
            recorded = f"its instance is as it was recorded, and none of {row.key.arena}: import the results again"
            return (), recorded if self._imported else str(error)
        except ClemsimError as error:
            return (), str(error)

    def _arena(self, name: str) -> Arena[Any] | None:
        if self._arenas is None:
            self._arenas = self._load()
        if name not in self._arenas and self._imported and name in registered("arenas"):
            self._arenas[name] = find_arena(name)()
        return self._arenas.get(name)

    def _load(self) -> dict[str, Arena[Any]]:
        try:
            self._imported = read_config(self._folder).imported is not None
            return {} if self._imported else recorded_arenas(self._folder, trust=self._trust)
        except ClemsimError as error:
            self._problem = str(error)
            return {}
