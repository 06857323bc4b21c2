"""Changes the width of a run that goes on, from another process: a file in its folder says which width is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from clemsim._util.files import PRIVATE, write_text
from clemsim.errors import UsageError
from clemsim.store.config import parse_width
from clemsim.store.folder import LOCK, read_description

REQUEST = "width"  # the name of the file
PERIOD = 0.5  # seconds between two looks at it


def request_width(folder: Path, text: str) -> None:
    """Ask the process that plays the run for this width: a number, or `auto`.

    Raises UsageError where no process plays it, and StoreError.
    """
    parse_width(text)
    read_description(folder)
    lock = FileLock(folder / LOCK, timeout=0, mode=PRIVATE)
    with suppress(Timeout), lock:
        raise UsageError(f"no process is playing {folder}: give the width with `clemsim resume {folder} --width {text}`")
    write_text(folder / REQUEST, text, mode=PRIVATE)


async def follow_requests(folder: Path, set_width: Callable[[int | None], None]) -> None:
    """Set the width that is asked for, until cancelled; a request from before counts no more."""
    path = folder / REQUEST
    path.unlink(missing_ok=True)
    while True:
        await asyncio.sleep(PERIOD)
        with suppress(OSError, UnicodeDecodeError, UsageError):
            text = path.read_text(encoding="utf-8")
            path.unlink()
            set_width(parse_width(text))
