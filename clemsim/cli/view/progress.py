"""Progress of a run: a live display in a terminal, plain lines elsewhere. It only reads totals, four times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.results.clusters import Point, clemscore
from clemsim.runtime.progress import Progress

REFRESH, PLAIN_EVERY = 0.25, 5.0  # seconds

Points = Callable[[], dict[str, list[Point]]]
Totals = Callable[[], Progress]
Heading = Callable[[], str]


class ProgressMeter:
    """Rates since the last reading, smoothed over a few seconds."""

    def __init__(self, totals: Totals, heading: Heading = lambda: "") -> None:
        """`heading`: returns the text before the totals."""
        self.progress = totals()
        self._totals = totals
        self._heading = heading
        self.begun = monotonic()
        self._last = (self.begun, 0, 0)
        self.turns = self.tokens = 0.0

    def read(self) -> None:
        """Take a new reading."""
        now, progress = monotonic(), self._totals()
        self.progress = progress
        then, turns, tokens = self._last
        span = now - then
        if span < REFRESH / 2:
            return
        weight = min(1.0, span / 3)
        self.turns += weight * ((progress.turns - turns) / span - self.turns)
        self.tokens += weight * ((progress.tokens_out - tokens) / span - self.tokens)
        self._last = (now, progress.turns, progress.tokens_out)

    def line(self) -> str:
        """Return all totals and rates on one line."""
        progress = self.progress
        ended = progress.done + progress.unfinished
        heading = self._heading()
        text = f"{heading}: " if heading else ""
        text += (
            f"{ended}/{progress.episodes} episodes, {progress.in_flight} in flight, {self.turns:.1f} turns/s, "
            f"{self.tokens:.0f} tokens/s, {monotonic() - self.begun:.0f} s"
        )
        if progress.unfinished:
            text += f", {progress.unfinished} unfinished"
        text += f", {progress.retries} retries" if progress.retries else ""
        text += f", cost {progress.cost:.4g}" if progress.cost else ""
        return "; ".join([text, *progress.waiting])


async def show(console: Console, totals: Totals, points: Points, heading: Heading = lambda: "") -> None:
    """Show progress until cancelled."""
    meter = ProgressMeter(totals, heading)
    if console.is_terminal:
        await _live(console, meter, points)
    else:
        await _plain(console, meter, points)


async def _live(console: Console, meter: ProgressMeter, points: Points) -> None:
    with RichLive(console=console, auto_refresh=False, transient=True) as live:
        while True:
            meter.read()
            live.update(_display(meter, points()), refresh=True)
            await asyncio.sleep(REFRESH)


async def _plain(console: Console, meter: ProgressMeter, points: Points) -> None:
    while True:
        await asyncio.sleep(PLAIN_EVERY)
        meter.read()
        scores = "; ".join(f"{cast} {_clemscore(arenas)}" for cast, arenas in points().items())
        console.print(plain(meter.line() + (f"; clemscore so far: {scores}" if scores else "")), soft_wrap=True)


def _display(meter: ProgressMeter, points: dict[str, list[Point]]) -> RenderableType:
    progress = meter.progress
    bar = ProgressBar(total=max(1, progress.episodes), completed=progress.done + progress.unfinished, width=40)
    table = RichTable.grid(padding=(0, 2))
    for cast, arenas in points.items():
        played = sum(arena.played for arena in arenas) / len(arenas)
        table.add_row(
            plain(cast, "bold"), f"clemscore {_clemscore(arenas)}", f"{played:.0f} % played", Text("so far", "dim")
        )
    head = RichTable.grid()  # a bar alone ends no line
    head.add_row(bar)
    head.add_row(plain(meter.line()))
    return Group(head, table)


def _clemscore(points: list[Point]) -> str:
    score = clemscore(points)[2]
    return "–" if score is None else f"{score:.1f}"
