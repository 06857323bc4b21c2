"""HTTP/1.1 without TLS: kept-alive connections on which a whole request is written and a whole response read.

A general client spends most of a small request on what a turn never needs (cookies, redirects, hooks, streams, a task to
write with): benchmarks/transports.py measures it. What is left here is asyncio's transport and httptools' parser.

A server may send what it likes: beyond the limits nothing is taken in, and whatever goes wrong fails its own request only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.deadlines import Deadline

# Of one response, in bytes. Interim responses (1xx) count as headers, for no other limit would end them.
HEADER_LIMIT = 2**16
BODY_LIMIT = 2**24

PLAIN = {"Accept-Encoding": "identity"}  # for a small body may unfold to any size


class HttpResponse(NamedTuple):
    """A whole response. `retry_after`: the header, which says how long to wait, if the server sent it.

    `parts`: when each part arrived (monotonic seconds) and at which byte of the body it begins; only of a timed transport.
    """

    status: int
    retry_after: str | None
    body: bytes
    parts: Sequence[tuple[float, int]] = ()


class Http11Error(OSError):
    """The connection failed, or what came over it is not HTTP."""


def too_long() -> Http11Error:
    """Return the error for a body beyond BODY_LIMIT."""
    return Http11Error(f"the answer is longer than the {BODY_LIMIT >> 20} MiB that are read")


def encoded(encoding: str) -> Http11Error:
    """Return the error for a body in another encoding than `PLAIN` asks for."""
    return Http11Error(f"the server compressed its answer ({encoding[:20]}), which it was not asked to do")


def switched() -> Http11Error:
    """Return the error for status 101."""
    return Http11Error("the server switched protocols (status 101), which it was not asked to do")


class Http11Connection(asyncio.Protocol):
    """One connection, one request at a time. It is closed when a response says so or anything goes wrong."""

    def __init__(self) -> None:
        self.reused = False
        self.responding = False  # a part of the response has arrived
        self.deadline: Deadline | None = None  # of the request, which is told when bytes arrive
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._response: asyncio.Future[HttpResponse] | None = None
        self._head_room = self._room = 0  # bytes that may still come: before the headers are complete, and in all
        self._begin()

    def _begin(self) -> None:
        self._body: list[bytes] = []
        self._retry_after: str | None = None
        self._headers_complete = False
        self._delimited = False  # the response says where it ends

    @property
    def open(self) -> bool:
        """Whether another request can go over it."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes) -> asyncio.Future[HttpResponse]:
        """Send a whole request; the future gives the response, or raises Http11Error."""
        if self._transport is None:
            raise Http11Error("the connection is closed")
        self.responding = False
        self._head_room, self._room = HEADER_LIMIT, HEADER_LIMIT + BODY_LIMIT
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._response

    def close(self) -> None:
        """Drop the connection, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport of the connection that was just opened."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        """Parse a part of the response."""
        if self._response is None:
            self.close()  # nothing was requested
            return
        self.responding = True
        if self.deadline is not None:
            self.deadline.heard = True
        try:
            self._feed(data)
        except httptools.HttpParserUpgrade:
            self._fail(switched())
        except Exception as error:  # asyncio would log it and leave the request waiting
            ours = next((each for each in (error, error.__context__) if isinstance(each, Http11Error)), None)
            ours = ours or Http11Error(f"the answer is not HTTP ({type(error).__name__})")
            self._fail(ours.with_traceback(None))  # which holds on to `data`

    def _feed(self, data: bytes) -> None:
        """Parse a part of the response. Raises Http11Error beyond a limit, and what httptools raises."""
        self._room -= len(data)
        if self._room < 0:
            raise too_long()
        if not self._headers_complete:
            if len(data) > self._head_room:  # what is beyond may be body, if the headers end before it
                begin, data = data[: self._head_room], data[self._head_room :]
                self._parser.feed_data(begin)
                self._check_head()
            self._head_room = max(0, self._head_room - len(data))
        self._parser.feed_data(data)

    def _check_head(self) -> None:
        """Raise Http11Error where the headers go on after all that they may take up."""
        if not self._headers_complete:
            raise Http11Error(f"the headers of the answer are longer than the {HEADER_LIMIT >> 10} KiB that are read")

    def connection_lost(self, error: Exception | None) -> None:
        """End a response that does not say where it ends; fail any other."""
        self._transport = None
        if self._headers_complete and not self._delimited and self._parser.get_status_code() >= 200:
            self._finish()
        self._fail(Http11Error(str(error) if error else "the server closed the connection"))

    # called by httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take what is needed of one header."""
        name = name.lower()
        if name == b"content-length":
            self._delimited = True
            if len(value) > 7 and int(value) > BODY_LIMIT:
                raise too_long()
        elif name == b"transfer-encoding":
            self._delimited = True
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise encoded(value.decode("latin-1"))
        elif name == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note that the body follows."""
        self._headers_complete = True

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Deliver the response; an interim one (1xx) is dropped, for another follows."""
        if self._parser.get_status_code() < 200:
            self._begin()
            return
        keep = self._parser.should_keep_alive()
        self._finish()
        if not keep:
            self.close()

    def _finish(self) -> None:
        response, self._response = self._response, None
        if response is not None and not response.done():
            response.set_result(self._whole())
        self._begin()

    def _whole(self) -> HttpResponse:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        return HttpResponse(self._parser.get_status_code(), self._retry_after, body)

    def _fail(self, error: Http11Error) -> None:
        self.close()
        response, self._response = self._response, None
        if response is not None and not response.done():
            response.set_exception(error)
        self._begin()  # lets go of the body, which may be large


class Http11Transport:
    """All connections to one plain address. As many are opened as there are requests at once."""

    def __init__(self, url: str, policy: NetworkPolicy) -> None:
        """Prepare to post to `url`; connections are opened when they are needed."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._connect_timeout = policy.connect_timeout
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, **PLAIN, **policy.headers}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._post = f"POST {path} HTTP/1.1\r\n{self._headers}"
        self._idle: deque[Http11Connection] = deque()

    async def post(
        self, body: bytes, headers: Iterable[tuple[str, str]] = (), deadline: Deadline | None = None
    ) -> HttpResponse:
        """Send a body. Raises OSError and TimeoutError."""
        more = "".join([f"{name}: {value}\r\n" for name, value in headers])
        return await self._send(f"{self._post}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body, deadline)

    async def get(self, path: str) -> HttpResponse:
        """Fetch a page. Raises OSError and TimeoutError."""
        return await self._send(f"GET {path} HTTP/1.1\r\n{self._headers}\r\n".encode())

    async def close(self) -> None:
        """Drop all idle connections. The others are dropped when the requests that use them are cancelled."""
        while self._idle:
            self._idle.pop().close()

    async def _send(self, request: bytes, deadline: Deadline | None = None) -> HttpResponse:
        connection = self._idle_connection() or await self._connect()
        connection.deadline = deadline
        try:
            response = await connection.send(request)
        except BaseException as error:
            connection.close()
            if isinstance(error, Http11Error) and connection.reused and not connection.responding:
                return await self._send(request, deadline)  # the server had closed the connection while it was idle
            raise
        if connection.open:
            connection.reused = True
            self._idle.append(connection)
        return response

    def _idle_connection(self) -> Http11Connection | None:
        """Return the connection that was used last, if one is idle and open."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return None

    async def _connect(self) -> Http11Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_timeout):
            _, connection = await loop.create_connection(self._make_connection, self._host, self._port)
        return connection

    def _make_connection(self) -> Http11Connection:
        return Http11Connection()
