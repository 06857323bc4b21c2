"""A chat server whose replies are heard token by token, for measuring it. `run` does not: it costs more a turn.

While a reply comes, only the time of each part is put down; the events are taken apart once it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from yarl import URL

from clemsim.engines import protocol
from clemsim.engines.base import Completion, Request
from clemsim.engines.chat import ChatEngine
from clemsim.engines.http11 import Http11Connection, Http11Transport
from clemsim.engines.transport import AiohttpTransport, Answer, Transport
from clemsim.errors import EngineUnavailable, UsageError
from clemsim.game.messages import StreamTiming

END = b"[DONE]"


@dataclass(slots=True)
class EventMeter:
    """How many events of streams have come so far, of all engines that share it. Those of a server that ends its lines
    with CR LF, which is rare, are not counted as they come.
    """

    events: int = 0

    def hear(self, part: bytes) -> None:
        """A part of a stream has come. An event ends in an empty line, which no JSON text holds, nor a head of HTTP."""
        self.events += part.count(b"\n\n")


@dataclass(frozen=True, slots=True)
class Streaming:
    """How replies are to be heard. `tokens`: every reply is made exactly so long. `timeout` in seconds."""

    meter: EventMeter = field(default_factory=EventMeter)
    tokens: int | None = None
    timeout: float = 600.0
    attempts: int = 1  # a load test counts faults instead of hiding them


class StreamingEngine(ChatEngine):
    """A model behind `URL/chat/completions`, streamed. What an instance left in the prefix cache when it was played
    before is not used (vLLM): a conversation that is repeated to make load should cost as much as a new one.
    """

    def __init__(self, model: str, url: str, streaming: Streaming, *, key: str | None = None) -> None:
        """Raises UsageError for an address that can't be one."""
        super().__init__(model, url, key=key, timeout=streaming.timeout, attempts=streaming.attempts)
        self._streaming = streaming

    async def open(self) -> None:
        """As any chat engine. Raises UsageError where replies can't be held to a length."""
        await super().open()
        if self._streaming.tokens is not None and self.server.dialect == "openai":
            await self.close()
            raise UsageError(f"{self.url} can't hold replies to a length: leave out --no-model-text")

    def _way(self, url: str) -> Transport:
        kind = ListeningWire if urlsplit(url).scheme == "http" else ListeningAiohttp
        return kind(url, self._headers, self._streaming.meter)

    def _body(self, request: Request) -> dict[str, Any]:
        body = {**super()._body(request), "stream": True, "stream_options": {"include_usage": True}}
        if self._streaming.tokens is not None:
            body |= {"max_tokens": self._streaming.tokens, "ignore_eos": True}
        if self.server.dialect == "vllm":
            body["cache_salt"] = f"{self._run}#{request.episode.rpartition('#')[2] if '#' in request.episode else 1}"
            if self._streaming.tokens is not None:
                body["min_tokens"] = self._streaming.tokens
        return body

    def _completion(self, answer: Answer, request: Request, started: float, seconds: float, retries: int) -> Completion:
        if answer.status != 200:
            return super()._completion(answer, request, started, seconds, retries)
        sent = monotonic() - seconds
        payload, times, events = take_apart(answer)
        completion = protocol.read(payload, request, self.name, started=started, seconds=seconds, retries=retries)
        completion.usage.heard = StreamTiming(sent, times, answer.parts[-1][0], events)
        return completion


def take_apart(answer: Answer) -> tuple[dict[str, Any], list[float], int]:
    """What the answer would have been in one piece, when each part of the reply came, and the number of events.

    Raises EngineUnavailable for a stream that says it failed, was cut off, or can't be read.
    """
    reply = _Reply()
    events = _events(answer)
    try:
        for at, event in events:
            reply.add(at, event)
    except (orjson.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable("the server sent an unreadable stream") from error
    if not reply.ended and reply.finish is None:
        raise EngineUnavailable("the stream was cut off")
    message = {"content": "".join(reply.texts), "reasoning_content": "".join(reply.thoughts)}
    return {"choices": [{"message": message, "finish_reason": reply.finish}], **reply.said}, reply.times, len(events)


class _Reply:
    """A reply put together from its events.

    Most events differ in nothing but their text. Once one was read whole, those that begin and end as it did are not: what
    stands between is their text, as long as no quotation mark or backslash is in it.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.times: list[float] = []
        self.said: dict[str, Any] = {}
        self.finish: str | None = None
        self.ended = False
        self._head, self._tail = b"\0", b""

    def add(self, at: float, event: bytes) -> None:
        """The next event, which came then. Raises what reading JSON raises."""
        if event.startswith(self._head) and event.endswith(self._tail):
            text = event[len(self._head) : -len(self._tail)]
            if text and b'"' not in text and b"\\" not in text:
                self.times.append(at)
                self.texts.append(text.decode())
                return
        if event == END:
            self.ended = True
        else:
            self._read(at, event)

    def _read(self, at: float, event: bytes) -> None:
        data = orjson.loads(event)
        if "error" in data:
            raise EngineUnavailable(f"the server broke off: {protocol.shorten(str(data['error']))}")
        self.said.update((name, data[name]) for name in ("usage", "system_fingerprint", "metrics") if data.get(name))
        for choice in data["choices"]:
            delta, finish = choice["delta"], choice.get("finish_reason")
            self.finish = finish or self.finish
            text, thought = delta.get("content"), delta.get("reasoning_content") or delta.get("reasoning")
            if text or thought or (text == "" and "role" not in delta):  # of some tokens nothing is to be read
                self.times.append(at)
                self.texts.append(text or "")
                self.thoughts.append(thought or "")
            if text and not thought and not finish:
                self._learn(event, b'"content":' + orjson.dumps(text))

    def _learn(self, event: bytes, said: bytes) -> None:
        """Remember what stands around a text."""
        head, found, tail = event.partition(said)
        if found:
            self._head, self._tail = head + b'"content":"', b'"' + tail


def _events(answer: Answer) -> list[tuple[float, bytes]]:
    """The data of each server-sent event, and when the part came that it ends in."""
    body, parts = answer.body, answer.parts
    gap = b"\r\n\r\n" if b"\r\n\r\n" in body else b"\n\n"
    found: list[tuple[float, bytes]] = []
    end, which, last = 0, 0, len(parts) - 1
    for event in body.split(gap):
        end += len(event) + len(gap)
        while which < last and parts[which + 1][1] < end:
            which += 1
        if event.startswith(b"data: ") and b"\n" not in event:
            found.append((parts[which][0], event[6:]))
        elif data := _data(event):
            found.append((parts[which][0], data))
    return found


def _data(event: bytes) -> bytes:
    """The data of an event of several lines; comments and other fields are left out."""
    lines = (line.strip() for line in event.splitlines())
    return b"\n".join(line[5:].lstrip() for line in lines if line.startswith(b"data:"))


class Listening(Http11Connection):
    """A connection that puts down when each part of a body came."""

    def __init__(self, meter: EventMeter) -> None:
        self._meter = meter
        self._now = 0.0
        super().__init__()

    def _begin(self) -> None:
        super()._begin()
        self._parts: list[tuple[float, int]] = []
        self._size = 0

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        self._parts.append((monotonic(), self._size))
        self._meter.hear(data)
        super().data_received(data)

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body.append(body)
        self._size += len(body)

    def _whole(self) -> Answer:
        return super()._whole()._replace(parts=self._parts)


class ListeningWire(Http11Transport):
    """Plain connections that listen."""

    def __init__(self, url: str, headers: Mapping[str, str], meter: EventMeter) -> None:
        super().__init__(url, headers)
        self._meter = meter

    def _connection(self) -> Http11Connection:
        return Listening(self._meter)


class ListeningAiohttp(AiohttpTransport):
    """Connections over TLS that listen."""

    def __init__(self, url: str, headers: Mapping[str, str], meter: EventMeter) -> None:
        super().__init__(url, headers)
        self._meter = meter

    async def _ask(self, method: str, url: URL, body: bytes | None, headers: dict[str, str] | None) -> Answer:
        try:
            asked = self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
            async with asked as response:
                read, parts = await self._listen(response)
                return Answer(response.status, response.headers.get("Retry-After"), read, parts)
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def _listen(self, response: aiohttp.ClientResponse) -> tuple[bytes, Sequence[tuple[float, int]]]:
        read, parts, size = list[bytes](), list[tuple[float, int]](), 0
        async for part in response.content.iter_any():
            parts.append((monotonic(), size))
            size += len(part)
            read.append(part)
            self._meter.hear(part)
        return b"".join(read), parts
