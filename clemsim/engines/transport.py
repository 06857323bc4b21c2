"""How requests travel: over TLS by aiohttp, to plain addresses by `Http11Transport`, at a third of the CPU time."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.http11 import Http11Transport, HttpResponse


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
    """aiohttp with one pool and no limit of its own."""

    def __init__(self, url: str, policy: NetworkPolicy) -> None:
        """Prepare to post to `url`; connections are opened when they are needed."""
        self._url = URL(url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=policy.tls or True),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=policy.connect_timeout),
            headers=policy.headers,
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
                return await self._read(response)
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse) -> HttpResponse:
        return HttpResponse(response.status, response.headers.get("Retry-After"), await response.read())
