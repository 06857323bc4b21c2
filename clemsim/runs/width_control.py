"""Changes the width of a run that goes on, from another process: a file in its folder says what is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from clemsim._util.files import write_text
from clemsim.errors import UsageError
from clemsim.store.config import parse_width
from clemsim.store.folder import LOCK, read_description

WANTED = "width"
PERIOD = 0.5  # seconds


def request_width(folder: Path, text: str) -> None:
    """Ask the process that plays the run for this width. Raises UsageError where nobody plays it, and StoreError."""
    parse_width(text)
    read_description(folder)
    lock = FileLock(folder / LOCK, timeout=0)
    with suppress(Timeout), lock:
        raise UsageError(f"nobody is playing {folder}: give the width with `clemsim resume {folder} --width {text}`")
    write_text(folder / WANTED, text)


async def follow_requests(folder: Path, set_width: Callable[[int | None], None]) -> None:
    """Do what is asked for, until cancelled; what was asked for before counts no more."""
    path = folder / WANTED
    path.unlink(missing_ok=True)
    while True:
        await asyncio.sleep(PERIOD)
        with suppress(OSError, UnicodeDecodeError, UsageError):
            text = path.read_text(encoding="utf-8")
            path.unlink()
            set_width(parse_width(text))
