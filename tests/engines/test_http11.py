"""Both transports, against servers that speak HTTP in every way that they may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.http11 import Http11Transport, HttpResponse
from clemsim.engines.transport import AiohttpTransport, Transport

Make = Callable[[str, NetworkPolicy], Transport]
BOTH = pytest.mark.parametrize("make", [Http11Transport, AiohttpTransport])


class Script:
    """A raw server: sends these bytes in answer to each request, one list per connection; keeps what it read."""

    def __init__(self, *connections: list[bytes]) -> None:
        self.connections = list(connections)
        self.read: list[bytes] = []
        self.accepted = 0
        self.requested = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        self.accepted += 1
        try:
            for answer in self.connections.pop(0) if self.connections else []:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
                self.read.append(head + await reader.readexactly(length))
                self.requested.set()
                for part in answer.split(b"|"):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.001)
        except asyncio.IncompleteReadError:
            pass  # the client has left
        finally:
            writer.close()


@asynccontextmanager
async def talking(make: Make, script: Script) -> AsyncIterator[Transport]:
    """Open a transport to a running script."""
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = make(f"http://127.0.0.1:{port}/v1/chat", NetworkPolicy({"Content-Type": "application/json"}))
    try:
        yield transport
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@BOTH
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (OK, HttpResponse(200, None, b"hi")),
        (b"HTTP/1.1 2|00 OK\r\nContent-|Length: 2\r\n\r\nh|i", HttpResponse(200, None, b"hi")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n|3\r\n yo\r\n0\r\n\r\n",
            HttpResponse(200, None, b"hi yo"),
        ),
        (b"HTTP/1.1 429 Busy\r\nretry-after: 7\r\nContent-Length: 0\r\n\r\n", HttpResponse(429, "7", b"")),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", HttpResponse(302, None, b"")),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", HttpResponse(204, None, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\n|" + OK, HttpResponse(200, None, b"hi")),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil |the end", HttpResponse(200, None, b"until the end")),
        (b"HTTP/1.0 200 OK\r\n\r\nold", HttpResponse(200, None, b"old")),
    ],
)
async def test_responses(make: Make, answer: bytes, expected: HttpResponse) -> None:
    async with talking(make, Script([answer])) as transport:
        assert await transport.post(b"{}") == expected


@BOTH
@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", b"HTTP/1.1 200 OK\r\nConte", b"nonsense\r\n\r\n"],
)
async def test_responses_that_break_off_or_are_not_http(make: Make, answer: bytes) -> None:
    async with talking(make, Script([answer])) as transport:
        with pytest.raises(OSError):
            await transport.post(b"{}")


@BOTH
async def test_a_connection_is_used_again(make: Make) -> None:
    script = Script([OK, OK, OK])
    async with talking(make, script) as transport:
        for _ in range(3):
            await transport.post(b"{}")
    assert script.accepted == 1


@BOTH
async def test_a_connection_that_was_closed_while_idle_is_replaced(make: Make) -> None:
    script = Script([OK], [OK])
    async with talking(make, script) as transport:
        await transport.post(b"1")
        await asyncio.sleep(0.02)
        assert (await transport.post(b"2")).status == 200
    assert script.accepted == 2


@BOTH
async def test_requests(make: Make) -> None:
    script = Script([OK, OK])
    async with talking(make, script) as transport:
        await transport.post(b'{"a":1}', [("X-Session-ID", "s")])
        await transport.get("/metrics")
    post, get = script.read
    assert post.startswith(b"POST /v1/chat HTTP/1.1\r\n") and post.endswith(b'\r\n\r\n{"a":1}')
    assert b"\r\nX-Session-ID: s\r\n" in post and b"\r\nContent-Type: application/json\r\n" in post
    assert get.startswith(b"GET /metrics HTTP/1.1\r\n")


@BOTH
async def test_a_request_that_was_given_up_is_not_answered_by_the_next(make: Make) -> None:
    script = Script([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha|lf"] * 2, [OK])
    async with talking(make, script) as transport:
        task = asyncio.create_task(transport.post(b"1"))
        await script.requested.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await transport.post(b"2")).body == b"hi"
    assert script.accepted == 2


@BOTH
async def test_no_server_answers(make: Make) -> None:
    transport = make("http://127.0.0.1:9/v1", NetworkPolicy())
    with pytest.raises(OSError):
        await transport.post(b"{}")
    await transport.close()


HEADERS = "the headers of the answer are longer than the 64 KiB|its headers are too long"
LIMITED = [
    (
        b"HTTP/1.1 200 OK\r\nX-Endless: " + b"a" * 2**17,
        HEADERS,
    ),
    (
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: aaaaaaaa\r\n" * 10_000,
        HEADERS,
    ),
    (b"HTTP/1.1 200 " + b"O" * 2**17, HEADERS),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nhi", "longer than the 16 MiB"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2**24 + 2**17), "longer than the 16 MiB"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536, None),
    (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", r"compressed its answer \(gzip\)"),
    (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "switched protocols|wait"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 77777777777777777777777777\r\n\r\n", None),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", None),
    (b"HTTP/9.9 abc\r\n\r\n\xff\x00", None),
]


@BOTH
@pytest.mark.parametrize(("answer", "why"), LIMITED)
async def test_what_a_server_must_not_send_is_an_error_of_its_request(
    make: Make, answer: bytes, why: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    first = [answer, OK] if b"gzip" in answer else [answer]  # a whole answer leaves the connection open
    async with talking(make, Script(first, [OK])) as transport:
        with pytest.raises(OSError, match=why):
            await transport.post(b"1")
        assert (await transport.post(b"2")).body == b"hi"
    assert not [record for record in caplog.records if record.name == "asyncio"], "no tracebacks on the terminal"


async def test_interim_responses_without_end() -> None:
    async with talking(Http11Transport, Script([b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 10_000])) as transport:
        with pytest.raises(OSError, match="64 KiB"):
            await transport.post(b"1")


@BOTH
async def test_a_body_up_to_the_limit_is_read(make: Make) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 8000 + b"\r\nContent-Length: %d\r\n\r\n" % 2**24
    async with talking(make, Script([head + b"x" * 2**24, OK])) as transport:
        assert len((await transport.post(b"1")).body) == 2**24
        assert (await transport.post(b"2")).body == b"hi"


@BOTH
async def test_no_compression_is_asked_for(make: Make) -> None:
    script = Script([OK])
    async with talking(make, script) as transport:
        await transport.post(b"{}")
    assert b"\r\nAccept-Encoding: identity\r\n" in script.read[0] and script.read[0].count(b"Accept-Encoding") == 1
