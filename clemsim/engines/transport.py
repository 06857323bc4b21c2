"""How requests travel: over TLS by aiohttp, to plain addresses by our own wire, which costs a third of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import aiohttp
from yarl import URL

CONNECT_TIMEOUT = 30.0  # seconds


class Answer(NamedTuple):
    """Status, what the server asked to wait if it did, and body.

    `parts`: when each part of the answer came (monotonic seconds) and where in the body it begins; of a stream only.
    """

    status: int
    retry_after: str | None
    body: bytes
    parts: Sequence[tuple[float, int]] = ()


class Transport(Protocol):
    """Sends requests to one server. A redirect is an answer like any other, so that no key goes elsewhere."""

    async def post(self, body: bytes, header: tuple[str, str] | None = None) -> Answer:
        """Send a body with one more header. Raises OSError and TimeoutError."""
        ...

    async def get(self, path: str) -> Answer:
        """Fetch another page of the same server. Raises OSError and TimeoutError."""
        ...

    async def close(self) -> None:
        """Drop all connections."""
        ...


class AiohttpTransport:
    """aiohttp with one pool and no limit of its own."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Posts go to `url`."""
        self._url = URL(url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
        )

    async def post(self, body: bytes, header: tuple[str, str] | None = None) -> Answer:
        """Send a body. Raises OSError and TimeoutError."""
        return await self._ask("POST", self._url, body, dict([header]) if header else None)

    async def get(self, path: str) -> Answer:
        """Fetch a page. Raises OSError and TimeoutError."""
        return await self._ask("GET", self._url.join(URL(path)), None, None)

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    async def _ask(self, method: str, url: URL, body: bytes | None, headers: dict[str, str] | None) -> Answer:
        try:
            asked = self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
            async with asked as response:
                return Answer(response.status, response.headers.get("Retry-After"), await response.read())
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error
