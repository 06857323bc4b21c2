"""Tells pages that what they show has changed. They fetch themselves again then, so that no part is made in two ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import hdrs, web

EVERY = 1.0  # seconds between two looks
ALIVE = 15  # looks after which a comment shows whether the browser still listens
OVER = object()  # a stamp that ends the changes


async def send_changes(request: web.Request, stamp: Callable[[], object]) -> web.StreamResponse:
    """Send an event whenever `stamp`, called in a thread, returns another value; when it returns OVER, the last one."""
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"})
    await response.prepare(request)
    seen, quiet = await asyncio.to_thread(stamp), 0
    await response.write(b": here\n\n")
    while seen is not OVER:
        await asyncio.sleep(EVERY)
        now = await asyncio.to_thread(stamp)
        if now != seen:
            seen, quiet = now, 0
            await response.write(b"data: changed\n\n")
        elif (quiet := quiet + 1) % ALIVE == 0:
            await response.write(b": still here\n\n")
    await response.write(b"event: end\ndata: over\n\n")
    return response
