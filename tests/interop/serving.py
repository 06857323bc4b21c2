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

    stopped, ready, addresses = asyncio.Event(), asyncio.Event(), list[str]()

    def tell(url: str) -> None:
        addresses.append(url)
        ready.set()

    with listening("127.0.0.1", 0) as bound:
        serving = asyncio.ensure_future(serve(seat, bound, tell, stopped, sessions, idle))
        serving.add_done_callback(lambda _: ready.set())
        await ready.wait()
        try:
            if addresses:
                yield addresses[0]
        finally:
            stopped.set()
            await serving
