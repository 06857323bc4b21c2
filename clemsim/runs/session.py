"""One session of a run: an episode player, the store it records into, and who watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any, Protocol

from clemsim._util.loop_monitor import LoopFacts, Monitor, total
from clemsim._util.tasks import run_in_background
from clemsim.errors import StoreError
from clemsim.results.tally import Tally
from clemsim.runtime.episode import Episode
from clemsim.runtime.progress import Progress
from clemsim.store.writer import RunStore


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run while it goes on: what a display may look at, and how to stop it."""

    folder: Path
    progress: Progress
    tally: Tally
    stop: Callable[[], None]


Watch = Callable[[LiveRun], Coroutine[Any, Any, None]]


HEARTBEAT = 1.0  # seconds


class EpisodePlayer(Protocol):
    """What plays episodes: a scheduler here, or a crew of workers in other processes."""

    @property
    def progress(self) -> Progress:
        """Running totals."""

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all of them."""

    def stop(self) -> None:
        """Leave every episode where it is."""

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent."""

    def costs(self) -> list[LoopFacts]:
        """What it took in other processes."""


async def _keep_session(writer: RunStore, player: EpisodePlayer) -> None:
    """Put down now and then how long the session has lasted and what it cost, so that a killed one counts too."""
    begun, started, monitor, progress = time(), monotonic(), Monitor(), player.progress

    def keep() -> None:
        facts = {"seconds": monotonic() - started, "peak_in_flight": progress.peak_in_flight, "turns": progress.turns}
        writer.session(begun, {**facts, **total([monitor.facts(playing=not player.costs()), *player.costs()])})

    async with run_in_background(monitor.watch()):
        try:
            while True:
                await asyncio.sleep(HEARTBEAT)
                keep()
        finally:
            with suppress(StoreError):  # the failure of the store itself is raised when it is closed
                keep()
