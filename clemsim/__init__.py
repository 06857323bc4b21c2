"""clemsim: plays many conversational games at once, with language models in the seats.

Everything public is here, in `clemsim.testing` and in `clemsim.formats`. Names are loaded when they are first used, so
that a game can be imported without the scheduler, and a run opened without an HTTP client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clemsim.arena import Arena
    from clemsim.errors import ClemsimError
    from clemsim.game.events import Event
    from clemsim.game.formats import Format
    from clemsim.game.instances import EpisodeKey, Instance
    from clemsim.game.messages import Message
    from clemsim.game.outcomes import Outcome
    from clemsim.game.parsing import Invalid, Parser, anything, matching, tagged
    from clemsim.game.table import Question, Table
    from clemsim.game.transcript import Transcript, Turn
    from clemsim.game.view import View
    from clemsim.results.frames import RunTables, open_run
    from clemsim.runtime.agent import Agent, Cast
    from clemsim.runtime.episode import Result

__version__ = "0.1.0"

_HOMES = {
    "arena": ("Arena",),
    "errors": ("ClemsimError",),
    "game.events": ("Event",),
    "game.formats": ("Format",),
    "game.instances": ("EpisodeKey", "Instance"),
    "game.messages": ("Message",),
    "game.outcomes": ("Outcome",),
    "game.parsing": ("Invalid", "Parser", "anything", "matching", "tagged"),
    "game.table": ("Question", "Table"),
    "game.transcript": ("Transcript", "Turn"),
    "game.view": ("View",),
    "results.frames": ("RunTables", "open_run"),
    "runtime.agent": ("Agent", "Cast"),
    "runtime.episode": ("Result",),
}
_HOME_OF = {name: f"clemsim.{module}" for module, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "Arena",
    "Cast",
    "ClemsimError",
    "EpisodeKey",
    "Event",
    "Format",
    "Instance",
    "Invalid",
    "Message",
    "Outcome",
    "Parser",
    "Question",
    "Result",
    "RunTables",
    "Table",
    "Transcript",
    "Turn",
    "View",
    "anything",
    "matching",
    "open_run",
    "tagged",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'clemsim' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
