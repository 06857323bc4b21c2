"""How requests travel: over TLS by aiohttp, to plain addresses by `Http11Transport`, at a third of the CPU time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.http11 import BODY_LIMIT, PLAIN, Http11Transport, HttpResponse, encoded, switched, too_long


class Transport(Protocol):
    """Sends requests to one server. A redirect is a response like any other, so that no key goes elsewhere."""

    async def post(self, body: bytes, header: tuple[str, str] | None = None) -> HttpResponse:
        """Send `body` to the address of the transport, with one more `header`. Raises OSError and TimeoutError."""
        ...

    async def get(self, path: str) -> HttpResponse:
        """Fetch another page of the same server. Raises OSError and TimeoutError."""
        ...

    async def close(self) -> None:
        """Drop all connections."""
        ...


def make_transport(url: str, policy: NetworkPolicy) -> Transport:
    """Return the transport for an address, which must be an http or https URL."""
    return Http11Transport(url, policy) if is_plain(url) else AiohttpTransport(url, policy)


def is_plain(url: str) -> bool:
    """Return whether the address is reached without TLS."""
    return urlsplit(url).scheme == "http"


class AiohttpTransport:
    """aiohttp with one pool and no limit of its own on requests at once.

    A body is held to BODY_LIMIT; the headers to aiohttp's limits: 128 lines of 8190 bytes.
    """

    def __init__(self, url: str, policy: NetworkPolicy) -> None:
        """Prepare to post to `url`; connections are opened when they are needed."""
        self._url = URL(url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=policy.tls or True),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=policy.connect_timeout),
            headers={**PLAIN, **policy.headers},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
            trust_env=policy.trust_env,
        )

    async def post(self, body: bytes, header: tuple[str, str] | None = None) -> HttpResponse:
        """Send a body. Raises OSError and TimeoutError."""
        return await self._request("POST", self._url, body, dict([header]) if header else None)

    async def get(self, path: str) -> HttpResponse:
        """Fetch a page. Raises OSError and TimeoutError."""
        return await self._request("GET", self._url.join(URL(path)), None, None)

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    async def _request(self, method: str, url: URL, body: bytes | None, headers: dict[str, str] | None) -> HttpResponse:
        try:
            request = self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
            async with request as response:
                try:
                    return await self._read(response)
                except BaseException:
                    response.close()  # not to be used again: more of it may come
                    raise
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse) -> HttpResponse:
        chunks = [chunk async for chunk in self._chunks(response)]
        return HttpResponse(response.status, response.headers.get("Retry-After"), b"".join(chunks))

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """Yield the parts of a body as they arrive. Raises OSError beyond BODY_LIMIT, and for one that is not plain."""
        if response.status == 101:
            raise switched()
        encoding = response.headers.get("Content-Encoding", "identity").strip()
        if encoding.lower() not in ("", "identity"):
            raise encoded(encoding)
        if (response.content_length or 0) > BODY_LIMIT:
            raise too_long()
        room = BODY_LIMIT
        async for chunk in response.content.iter_any():
            room -= len(chunk)
            if room < 0:
                raise too_long()
            yield chunk
