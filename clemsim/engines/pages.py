"""Pages of a server's control plane, which no more is read of than the limits of answers allow."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import httpx

from clemsim.engines.answers import parse_json
from clemsim.engines.http11 import BODY_LIMIT, PLAIN, encoded, too_long
from clemsim.errors import EngineError

PAGE_TIMEOUT = 60.0  # seconds for a whole page, however slowly it drips


class Page(NamedTuple):
    """A page that a server sent."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object in the body; an empty one where there is none or the status is not 200."""
        try:
            value = parse_json(self.body) if self.status == 200 else {}
        except EngineError:
            return {}
        return value if isinstance(value, dict) else {}


async def fetch_page(client: httpx.AsyncClient, url: str, *, post: Any = None) -> Page:
    """Fetch a page, with a POST of the JSON `post` where there is one.

    Raises httpx.HTTPError, and OSError (TimeoutError among them) for a page that is too long, compressed or too slow.
    """
    method = "GET" if post is None else "POST"
    async with asyncio.timeout(PAGE_TIMEOUT), client.stream(method, url, json=post, headers=PLAIN) as response:
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding.lower() not in ("", "identity"):
            raise encoded(encoding)
        parts, room = list[bytes](), BODY_LIMIT
        async for part in response.aiter_raw():
            room -= len(part)
            if room < 0:
                raise too_long()
            parts.append(part)
        return Page(response.status_code, b"".join(parts))
