"""Transports that note when each part of a response arrives, and count the events of streams as they arrive.

While a response arrives, nothing else is done with it: its events are read once it is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import aiohttp

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.http11 import Http11Connection, Http11Transport, HttpResponse
from clemsim.engines.transport import AiohttpTransport, Transport, is_plain


@dataclass(slots=True)
class EventMeter:
    """The number of events that have arrived so far on the streams of all engines that share the meter.

    Events of a server that ends its lines with CR LF, which is rare, are not counted as they arrive.
    """

    events: int = 0
    whole: EventMeter | None = None  # which counts them too, with those of others

    def count(self, part: bytes) -> None:
        """Count the events of a part. An event ends in an empty line, which no JSON text and no HTTP header contains."""
        events = part.count(b"\n\n")
        self.events += events
        if self.whole is not None:
            self.whole.events += events


def make_timed_transport(url: str, policy: NetworkPolicy, meter: EventMeter) -> Transport:
    """Return the transport for an address whose responses have `parts` and whose events `meter` counts."""
    kind = TimedHttp11Transport if is_plain(url, policy) else TimedAiohttpTransport
    return kind(url, policy, meter)


class TimedConnection(Http11Connection):
    """A connection that notes when each part of a body arrives."""

    def __init__(self, meter: EventMeter) -> None:
        self._meter = meter
        super().__init__()

    def _begin(self) -> None:
        super()._begin()
        self._parts: list[tuple[float, int]] = []
        self._size = 0

    def data_received(self, data: bytes) -> None:
        """Note and parse a part of the response."""
        self._parts.append((monotonic(), self._size))
        self._meter.count(data)
        super().data_received(data)

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._body.append(body)
        self._size += len(body)

    def _whole(self) -> HttpResponse:
        return super()._whole()._replace(parts=self._parts)


class TimedHttp11Transport(Http11Transport):
    """Timed responses from a plain address."""

    def __init__(self, url: str, policy: NetworkPolicy, meter: EventMeter) -> None:
        super().__init__(url, policy)
        self._meter = meter

    def _make_connection(self) -> Http11Connection:
        return TimedConnection(self._meter)


class TimedAiohttpTransport(AiohttpTransport):
    """Timed responses over TLS."""

    def __init__(self, url: str, policy: NetworkPolicy, meter: EventMeter) -> None:
        super().__init__(url, policy)
        self._meter = meter

    async def _read(self, response: aiohttp.ClientResponse) -> HttpResponse:
        chunks, parts, size = list[bytes](), list[tuple[float, int]](), 0
        async for chunk in self._chunks(response):
            parts.append((monotonic(), size))
            size += len(chunk)
            chunks.append(chunk)
            self._meter.count(chunk)
        return HttpResponse(response.status, response.headers.get("Retry-After"), b"".join(chunks), parts)
