"""Background tasks, and errors of several tasks at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def run_in_background(coroutine: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Run something until the block is over."""
    task = asyncio.ensure_future(coroutine) if coroutine else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
