"""How requests travel: over TLS and through proxies by aiohttp, straight to plain addresses by `Http11Transport`, at a third
of the CPU time.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.deadlines import Deadline
from clemsim.engines.http11 import BODY_LIMIT, PLAIN, Http11Transport, HttpResponse, encoded, switched, too_long
from clemsim.engines.tls import default_context


class NoByteInTime(OSError):
    """No byte came from the server for as long as the policy allows."""


class Transport(Protocol):
    """Sends requests to one server. A redirect is a response like any other, so that no key goes elsewhere."""

    async def post(
        self, body: bytes, headers: Iterable[tuple[str, str]] = (), deadline: Deadline | None = None
    ) -> HttpResponse:
        """Send `body` to the address of the transport, with more `headers`; tell `deadline` of bytes that arrive.

        Raises OSError, and TimeoutError where no connection was made in time.
        """
        ...

    async def get(self, path: str) -> HttpResponse:
        """Fetch another page of the same server. Raises OSError and TimeoutError."""
        ...

    async def close(self) -> None:
        """Drop all connections."""
        ...


def make_transport(url: str, policy: NetworkPolicy) -> Transport:
    """Return the transport for an address, which must be an http or https URL."""
    return Http11Transport(url, policy) if is_plain(url, policy) else AiohttpTransport(url, policy)


def is_plain(url: str, policy: NetworkPolicy) -> bool:
    """Return whether the address is reached without TLS and without a proxy."""
    return urlsplit(url).scheme == "http" and policy.proxy is None


class AiohttpTransport:
    """aiohttp with one pool and no limit of its own on requests at once.

    A body is held to BODY_LIMIT; the headers to aiohttp's limits: 128 lines of 8190 bytes.
    """

    def __init__(self, url: str, policy: NetworkPolicy) -> None:
        """Prepare to post to `url`; connections are opened when they are needed."""
        self._url = URL(url)
        self._headers, self._to_proxy = _headers(url, policy)
        self._proxy = policy.proxy.url if policy.proxy else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=policy.tls or default_context()),
            timeout=aiohttp.ClientTimeout(None, sock_connect=policy.connect_timeout, sock_read=policy.idle_timeout),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
        )

    async def post(
        self, body: bytes, headers: Iterable[tuple[str, str]] = (), deadline: Deadline | None = None
    ) -> HttpResponse:
        """Send a body. Raises OSError and TimeoutError. aiohttp itself looks whether bytes arrive."""
        return await self._request("POST", self._url, body, dict(headers))

    async def get(self, path: str) -> HttpResponse:
        """Fetch a page. Raises OSError and TimeoutError."""
        return await self._request("GET", self._url.join(URL(path)), None, None)

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    async def _request(self, method: str, url: URL, body: bytes | None, headers: dict[str, str] | None) -> HttpResponse:
        try:
            request = self._session.request(
                method,
                url,
                data=body,
                headers=self._headers | headers if headers else self._headers,
                allow_redirects=False,
                proxy=self._proxy,
                proxy_headers=self._to_proxy,
            )
            async with request as response:
                try:
                    return await self._read(response)
                except BaseException:
                    response.close()  # not to be used again: more of it may come
                    raise
        except aiohttp.SocketTimeoutError as error:
            raise NoByteInTime from error
        except aiohttp.ConnectionTimeoutError as error:
            raise TimeoutError from error
        except aiohttp.ClientResponseError as error:
            raise OSError(f"the answer is not HTTP, or its headers are too long ({error.message})") from error
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse) -> HttpResponse:
        chunks = list[bytes]()
        try:
            async for chunk in self._chunks(response):
                chunks.append(chunk)
            return HttpResponse(response.status, response.headers.get("Retry-After"), b"".join(chunks))
        finally:
            chunks.clear()  # an error holds on to this frame

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


def _headers(url: str, policy: NetworkPolicy) -> tuple[dict[str, str], dict[str, str] | None]:
    """Return the headers for the server, and those for the proxy that connects to it.

    The session must have none: aiohttp sends a session's headers, the key among them, to the proxy as well.
    """
    headers, proxy = {**PLAIN, **policy.headers}, policy.proxy
    if proxy is None:
        return headers, None
    login = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
    to_proxy = {"Proxy-Authorization": f"Basic {login}"} if proxy.user else {}
    return (headers, to_proxy) if url.startswith("https:") else (headers | to_proxy, None)
