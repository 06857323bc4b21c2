"""A proxy inside the test process, which passes requests on and notes them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit


@dataclass
class RecordingProxy:
    """Takes CONNECT and plain requests. `heads`: the heads of those that began a connection."""

    heads: list[str] = field(default_factory=list)
    url: str = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            method, target, _ = head.split(b" ", 2)
            address = urlsplit(f"//{target.decode()}" if method == b"CONNECT" else target.decode())
            upstream, downstream = await asyncio.open_connection(address.hostname, address.port)
            if method == b"CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                downstream.write(head)
            await asyncio.gather(_pass_on(reader, downstream), _pass_on(upstream, writer))
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
    writer.close()


@contextmanager
def proxying() -> Iterator[RecordingProxy]:
    """Let a proxy listen on the loopback address, on an event loop of its own."""
    proxy, ready, done = RecordingProxy(), Event(), Event()

    async def serve() -> None:
        server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await asyncio.to_thread(done.wait)
        server.close()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        done.set()
        thread.join()
