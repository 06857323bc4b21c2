"""`replay:RUN`: the recorded replies of a run."""

from __future__ import annotations

from pathlib import Path

from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.engines.base import Completion
from clemsim.engines.scripted import ReplayEngine
from clemsim.errors import UsageError
from clemsim.game.events import Called, Replied
from clemsim.game.messages import Usage
from clemsim.runtime.model_agent import ModelAgent
from clemsim.store import reader
from clemsim.store.folder import STORE


def make(arg: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `replay:RUN`, or of `replay:RUN#AGENT` where several played."""
    folder, _, cast = arg.partition("#")
    if not folder:
        raise UsageError("replay: say which run, as in replay:runs/20261123-120000-quick")
    return ModelAgent(ReplayEngine(_read_replies(Path(folder), cast)), options.sampling, name=f"replay:{arg}")


def _read_replies(folder: Path, cast: str) -> dict[tuple[str, int], Completion]:
    """Return the recorded replies by episode and turn. Raises UsageError where it is open whose they are."""
    completions = {}
    with reader.reading(folder / STORE) as base:
        rows = [row for row in reader.episodes(base) if cast in ("", row.key.cast)]
        casts = sorted({row.key.cast for row in rows})
        if len(casts) != 1:
            raise UsageError(f"replay:{folder}: say whose replies, as in replay:{folder}#AGENT, of {', '.join(casts)}")
        for row in rows:
            for event in reader.events(base, row.id):
                if isinstance(event, Replied):
                    usage = Usage("replay", 0, 0.0, 0.0)
                    calls = event.calls if isinstance(event, Called) else ()
                    completion = Completion(event.content, event.reasoning, event.stop, usage, calls=calls)
                    completions[row.key.label, event.turn] = completion
    return completions


REPLAY = AgentKind(
    name="replay",
    spec="replay:RUN",
    help="replay:RUN, the replies of a recorded run",
    make=make,
    options=frozenset({"sampling"}),
)
