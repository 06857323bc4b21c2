"""HTTP/1.1 without TLS: kept-alive connections on which a whole request is written and a whole answer read.

A general client spends most of a small request on what a turn never needs (cookies, redirects, hooks, streams, a task to
write with): benchmarks/transports.py measures it. What is left here is asyncio's transport and httptools' parser.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

from clemsim.engines.transport import CONNECT_TIMEOUT, Answer


class Http11Error(OSError):
    """The connection failed, or what came over it is not HTTP."""


class Http11Connection(asyncio.Protocol):
    """One connection, one request at a time. It is closed when an answer says so or anything goes wrong."""

    def __init__(self) -> None:
        self.reused = False
        self.answering = False  # some of the answer has come
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._begin()

    def _begin(self) -> None:
        self._body: list[bytes] = []
        self._retry_after: str | None = None
        self._headed = False  # all headers have come
        self._delimited = False  # the answer says where it ends

    @property
    def open(self) -> bool:
        """Whether another request can go over it."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a whole request; the future gives the answer, or raises WireError."""
        if self._transport is None:
            raise Http11Error("the connection is closed")
        self.answering = False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Drop it, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        if self._answer is None:
            self.close()  # nothing was asked
            return
        self.answering = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Http11Error(f"the answer is not HTTP ({type(error).__name__})"))

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing more will come; an answer that does not say where it ends, ends here."""
        self._transport = None
        if self._headed and not self._delimited and self._parser.get_status_code() >= 200:
            self._give()
        self._fail(Http11Error(str(error) if error else "the server closed the connection"))

    # httptools' side

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the answer."""
        name = name.lower()
        if name in (b"content-length", b"transfer-encoding"):
            self._delimited = True
        elif name == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """What follows is the body."""
        self._headed = True

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """All of it has come; of an interim answer (1xx) another follows."""
        if self._parser.get_status_code() < 200:
            self._begin()
            return
        keep = self._parser.should_keep_alive()
        self._give()
        if not keep:
            self.close()

    def _give(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(self._whole())
        self._begin()

    def _whole(self) -> Answer:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        return Answer(self._parser.get_status_code(), self._retry_after, body)

    def _fail(self, error: Http11Error) -> None:
        self.close()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)


class Http11Transport:
    """All connections to one plain address. As many are opened as there are requests at once."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Posts go to `url`."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in {"Host": parts.netloc, **headers}.items())
        self._post = f"POST {path} HTTP/1.1\r\n{self._headers}"
        self._idle: deque[Http11Connection] = deque()

    async def post(self, body: bytes, header: tuple[str, str] | None = None) -> Answer:
        """Send a body. Raises OSError and TimeoutError."""
        more = f"{header[0]}: {header[1]}\r\n" if header else ""
        return await self._ask(f"{self._post}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def get(self, path: str) -> Answer:
        """Fetch a page. Raises OSError and TimeoutError."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._headers}\r\n".encode())

    async def close(self) -> None:
        """Drop all connections that are idle; those under way close themselves."""
        while self._idle:
            self._idle.pop().close()

    async def _ask(self, request: bytes) -> Answer:
        connection = self._kept() or await self._connect()
        try:
            answer = await connection.ask(request)
        except BaseException as error:
            connection.close()
            if isinstance(error, Http11Error) and connection.reused and not connection.answering:
                return await self._ask(request)  # the server had closed it while it was idle
            raise
        if connection.open:
            connection.reused = True
            self._idle.append(connection)
        return answer

    def _kept(self) -> Http11Connection | None:
        """The connection that was used last, if one is idle and open."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return None

    async def _connect(self) -> Http11Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, connection = await loop.create_connection(self._connection, self._host, self._port)
        return connection

    def _connection(self) -> Http11Connection:
        return Http11Connection()
