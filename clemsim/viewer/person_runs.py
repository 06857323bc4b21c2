"""Episodes in which a person takes a seat: branched off a recorded one, and played within the viewer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim._util.files import dated_places
from clemsim.errors import ClemsimError, UsageError
from clemsim.game.events import Asked
from clemsim.results.run_summary import RunSummary
from clemsim.runs.replay import branch
from clemsim.runs.run import resume
from clemsim.runs.session import LiveRun, Watch
from clemsim.store import reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE, read_config, read_description
from clemsim.viewer.seats import DESK

BROWSER = "browser:"
SEATS = re.compile(r",(?=\w+=)")  # between the seats of a cast
Play = Callable[[Watch], Coroutine[Any, Any, RunSummary]]


@dataclass(slots=True)
class PersonRuns:
    """The runs that are played in this process because a person sits in them."""

    _playing: dict[Path, asyncio.Task[RunSummary]] = field(default_factory=dict)

    async def take_seat(self, folder: Path, episode: int, turn: int) -> Path:
        """Play an episode on from a turn, a person in the seat that was asked there and the recorded agents in the others.
        Return the folder of the new run once it plays. Raises ClemsimError.
        """
        config, place = await asyncio.to_thread(self._prepare, folder, episode, turn)
        return await self._begin(lambda watch: branch(folder, str(episode), turn, config, place, watch))

    async def go_on(self, folder: Path) -> Path:
        """Resume a run in which a person sits. Raises ClemsimError."""
        return await self._begin(lambda watch: resume(folder, watch))

    def problem(self, folder: Path) -> str:
        """Return why a run that a person sits in could not go on; empty: nothing is known."""
        task = self._playing.get(folder)
        if task is None or not task.done() or task.cancelled() or task.exception() is None:
            return ""
        return str(task.exception())

    async def stop(self) -> None:
        """Leave every run where it is."""
        for task in self._playing.values():
            task.cancel()
        for task in self._playing.values():
            with suppress(asyncio.CancelledError, ClemsimError):
                await task

    async def _begin(self, play: Play) -> Path:
        begun: list[Path] = []
        settled = asyncio.Event()  # whether the run plays, or cannot

        async def watch(live: LiveRun) -> None:
            begun.append(live.folder.absolute())
            settled.set()

        DESK.open()
        task = asyncio.ensure_future(play(watch))
        task.add_done_callback(lambda _: settled.set())
        await settled.wait()
        if not begun:
            task.result()  # raises
            raise UsageError("the episode has ended at once: there was no turn left for you")
        self._playing[begun[0]] = task
        return begun[0]

    def _prepare(self, folder: Path, episode: int, turn: int) -> tuple[RunConfig, Path]:
        seat, agents = _agents(folder, episode, turn)
        config = read_config(folder)
        kept = {"seed": config.seed, "temperature": config.temperature, "max_tokens": config.max_tokens}
        place = next(place for place in dated_places(folder.parent, "-seat") if not place.exists())
        return RunConfig(agents=(f"{seat}={BROWSER}{place.name}", *agents), **kept), place


def room_of(folder: Path) -> str | None:
    """Return the room in which a person at a page plays in a run; None: nobody does. Raises StoreError."""
    own = [spec.partition(BROWSER)[2] for spec in read_config(folder).agents if spec.partition("=")[2].startswith(BROWSER)]
    return own[0] if own else None


def _agents(folder: Path, episode: int, turn: int) -> tuple[str, Sequence[str]]:
    """Return the seat that is asked in a turn, and the SPECs of the agents in the others. Raises UsageError."""
    with reader.reading(folder / STORE) as base:
        events = reader.events(base, episode)
        row = base.execute('SELECT "cast" FROM episodes WHERE id = ?', (episode,)).fetchone()
    asked = next((event for event in events if isinstance(event, Asked) and event.turn == turn), None)
    if row is None or asked is None:
        raise UsageError(f"episode {episode} has no turn {turn}")
    specs = read_description(folder).specs
    seated = _seated(str(row[0]), specs)
    return asked.seat, [f"{name}={spec}" if name else spec for name, spec in seated if name != asked.seat]


def _seated(cast: str, specs: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the seats or roles that a cast names, empty for all others, with the SPEC of the agent in each."""
    found = []
    for part in [cast] if cast in specs else SEATS.split(cast):
        name, joint, agent = ("", "", part) if part in specs else part.partition("=")
        found.append((name, specs.get(agent, agent)) if joint or part in specs else ("", part))
    return found
