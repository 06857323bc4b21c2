"""clemsim: plays many conversational games at once, with language models in the seats.

Everything public is here, in `clemsim.testing` and in `clemsim.formats`. Names are loaded when they are first used, so
that a game can be imported without the scheduler, and a run opened without an HTTP client.

For evaluators:     run = await clemsim.run(suite="quick", agents=["baseline"]); run.summary; run.pandas("episodes");
                    clemsim.compare(run, other); clemsim.export(run, "inspect")
For game builders:  class MyGame(clemsim.Arena[MyInstance]); clemsim.testing.drive(MyGame(), instance, replies)
For engine builders: class MyEngine(clemsim.Engine), played as `--agent path/to/file.py:MyEngine`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clemsim.analysis.compare import compare
    from clemsim.arena import Arena, find_arena
    from clemsim.catalog.agents import make_agent
    from clemsim.catalog.generators import GeneratorOptions
    from clemsim.catalog.kinds import AgentKind, AgentOptions
    from clemsim.catalog.suites import Suite, load_suite
    from clemsim.engines.base import Completion, Engine, Request, Sampling
    from clemsim.engines.connect import NetworkOptions
    from clemsim.engines.load import ServerLoad
    from clemsim.errors import AgentError, ArenaError, ClemsimError, EngineError, StoreError, UsageError
    from clemsim.game.content import Content, Image, Text
    from clemsim.game.events import Event
    from clemsim.game.formats import Format
    from clemsim.game.instances import EpisodeKey, Instance
    from clemsim.game.messages import Message, Usage
    from clemsim.game.outcomes import Outcome
    from clemsim.game.parsing import Invalid, Parser, anything, matching, tagged
    from clemsim.game.pieces import CellTable, FactList, Grid, MapDrawing, MapEdge, MapNode, Paragraph, Piece, Toned
    from clemsim.game.seat_sampling import SeatSampling
    from clemsim.game.table import Question, Table
    from clemsim.game.tool_calls import ToolCall
    from clemsim.game.tools import Offer, Tool, Tools, calling
    from clemsim.game.transcript import Transcript, Turn
    from clemsim.game.view import View
    from clemsim.interop.export import Exported, export
    from clemsim.results.frames import RunTables
    from clemsim.results.run_summary import RunSummary
    from clemsim.runs.api import Run, open_run, resume, run
    from clemsim.runs.workers.cluster import WorkerOptions
    from clemsim.runtime.agent import Agent, Cast
    from clemsim.runtime.episode import Result
    from clemsim.runtime.limits import Limits
    from clemsim.store.config import RunConfig

__version__ = "0.1.0"

_HOMES = {
    "analysis.compare": ("compare",),
    "arena": ("Arena", "find_arena"),
    "catalog.agents": ("make_agent",),
    "catalog.generators": ("GeneratorOptions",),
    "catalog.kinds": ("AgentKind", "AgentOptions"),
    "catalog.suites": ("Suite", "load_suite"),
    "engines.base": ("Completion", "Engine", "Request", "Sampling"),
    "engines.connect": ("NetworkOptions",),
    "engines.load": ("ServerLoad",),
    "errors": ("AgentError", "ArenaError", "ClemsimError", "EngineError", "StoreError", "UsageError"),
    "game.content": ("Content", "Image", "Text"),
    "game.events": ("Event",),
    "game.formats": ("Format",),
    "game.instances": ("EpisodeKey", "Instance"),
    "game.messages": ("Message", "Usage"),
    "game.outcomes": ("Outcome",),
    "game.pieces": ("CellTable", "FactList", "Grid", "MapDrawing", "MapEdge", "MapNode", "Paragraph", "Piece", "Toned"),
    "game.parsing": ("Invalid", "Parser", "anything", "matching", "tagged"),
    "game.seat_sampling": ("SeatSampling",),
    "game.table": ("Question", "Table"),
    "game.tool_calls": ("ToolCall",),
    "game.tools": ("Offer", "Tool", "Tools", "calling"),
    "game.transcript": ("Transcript", "Turn"),
    "game.view": ("View",),
    "interop.export": ("Exported", "export"),
    "results.frames": ("RunTables",),
    "results.run_summary": ("RunSummary",),
    "runs.api": ("Run", "open_run", "resume", "run"),
    "runs.workers.cluster": ("WorkerOptions",),
    "runtime.agent": ("Agent", "Cast"),
    "runtime.episode": ("Result",),
    "runtime.limits": ("Limits",),
    "store.config": ("RunConfig",),
}
_HOME_OF = {name: f"clemsim.{module}" for module, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "AgentError",
    "AgentKind",
    "AgentOptions",
    "Arena",
    "ArenaError",
    "Cast",
    "CellTable",
    "ClemsimError",
    "Completion",
    "Content",
    "Engine",
    "EngineError",
    "EpisodeKey",
    "Event",
    "Exported",
    "FactList",
    "Format",
    "GeneratorOptions",
    "Grid",
    "Image",
    "Instance",
    "Invalid",
    "Limits",
    "MapDrawing",
    "MapEdge",
    "MapNode",
    "Message",
    "NetworkOptions",
    "Offer",
    "Outcome",
    "Paragraph",
    "Parser",
    "Piece",
    "Question",
    "Request",
    "Result",
    "Run",
    "RunConfig",
    "RunSummary",
    "RunTables",
    "Sampling",
    "SeatSampling",
    "ServerLoad",
    "StoreError",
    "Suite",
    "Table",
    "Text",
    "Toned",
    "Tool",
    "ToolCall",
    "Tools",
    "Transcript",
    "Turn",
    "Usage",
    "UsageError",
    "View",
    "WorkerOptions",
    "anything",
    "calling",
    "compare",
    "export",
    "find_arena",
    "load_suite",
    "make_agent",
    "matching",
    "open_run",
    "resume",
    "run",
    "tagged",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'clemsim' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
