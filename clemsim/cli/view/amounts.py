"""Shows how much of a long computation is done: one line that changes, on a terminal, else a line now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console

from clemsim._util.text import plain

EVERY = {True: 0.2, False: 10.0}  # seconds between two lines, by whether they go to a terminal
WIDTH = 120

Amounts = Callable[[str, int, int], None]  # what is done, how much of it, and of how much


@contextmanager
def amounts_shown(console: Console) -> Iterator[Amounts]:
    """Yield what shows how much is done, and clear the line in the end."""
    last = begun = monotonic()
    shown = False

    def show(what: str, done: int, all_: int) -> None:
        nonlocal last, shown
        now = monotonic()
        if now - last < EVERY[console.is_terminal]:
            return
        last, shown = now, True
        line = f"{what}: {done}/{all_}, {now - begun:.0f} s"
        console.print(plain(line.ljust(WIDTH // 2), "dim", WIDTH), soft_wrap=True, end="\r" if console.is_terminal else "\n")

    yield show
    if shown and console.is_terminal:
        console.print(" " * min(WIDTH, console.width - 1), end="\r")
