"""A server of OpenEnv for tests, within the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clemsim.interop.environments.learning_seat import LearningSeat


@asynccontextmanager
async def served(seat: LearningSeat, sessions: int = 2000, idle: float | None = None) -> AsyncIterator[str]:
    """Serve a seat within this context, and yield the address."""
    from clemsim.interop.environments.openenv_server import listening, serve  # noqa: PLC0415 (may be missing)

    stopped = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with listening("127.0.0.1", 0) as bound:
        serving = asyncio.ensure_future(serve(seat, bound, address.set_result, stopped, sessions, idle))
        serving.add_done_callback(lambda ended: address.done() or address.set_exception(ended.exception() or OSError()))
        try:
            yield await address
        finally:
            stopped.set()
            await serving
