"""Reads a complete stream of server-sent events as the answer that it would have been in one piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from clemsim.engines.answers import Hide, parse_json, reading_answer
from clemsim.engines.http11 import HttpResponse
from clemsim.engines.protocol import error_sentence, shorten
from clemsim.engines.tool_wire import CallParts
from clemsim.errors import EngineUnavailable

END = b"[DONE]"
MOST_EVENTS = 2**18


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """A streamed chat completion.

    `payload`: the JSON that the server would have sent in one piece. `times`: when each event that brought a part of the
    reply arrived (monotonic seconds), which is one per token with most servers. `events`: the number of all events.
    """

    payload: dict[str, Any]
    times: list[float]
    events: int


@reading_answer
def read_stream(response: HttpResponse, hide: Hide = str) -> StreamedAnswer:
    """Read a streamed chat completion; the response must have `parts`.

    Raises EngineUnavailable for a stream that reports an error, was cut off, or cannot be read.
    """
    reply = _Reply(hide)
    events = _timed_events(response)
    for time, event in events:
        reply.add(time, event)
    if not reply.ended and reply.finish_reason is None:
        raise EngineUnavailable("the stream was cut off")
    return StreamedAnswer(reply.payload(), reply.times, len(events))


@dataclass(slots=True)
class _Reply:
    """A reply put together from its events.

    Most events differ in nothing but their text. Once one was read whole, an event that begins and ends as it did is not:
    what stands between is its text, as long as that contains no quotation mark and no backslash.
    """

    hide: Hide = str
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)  # of the payload, beside its choices
    calls: CallParts | None = None
    finish_reason: str | None = None
    ended: bool = False
    _head: bytes = b"\0"  # matches no event
    _tail: bytes = b""

    def payload(self) -> dict[str, Any]:
        """Return the JSON of the whole answer."""
        message: dict[str, Any] = {"content": "".join(self.texts), "reasoning_content": "".join(self.thoughts)}
        if self.calls:
            message["tool_calls"] = self.calls.whole()
        return {"choices": [{"message": message, "finish_reason": self.finish_reason}], **self.fields}

    def add(self, time: float, event: bytes) -> None:
        """Add the next event, which arrived at `time`. Raises what the reading of JSON raises."""
        if event.startswith(self._head) and event.endswith(self._tail):
            text = event[len(self._head) : -len(self._tail)]
            if text and b'"' not in text and b"\\" not in text:
                self.times.append(time)
                self.texts.append(text.decode())
                return
        if event == END:
            self.ended = True
        else:
            self._read(time, event)

    def _read(self, time: float, event: bytes) -> None:
        data = parse_json(event, self.hide)
        if "error" in data:
            sentence = self.hide(error_sentence(data) or str(data["error"]))
            raise EngineUnavailable(f"the server broke off: {shorten(sentence)}")
        self.fields.update((name, data[name]) for name in ("usage", "system_fingerprint", "metrics") if data.get(name))
        for choice in data["choices"]:
            delta, finish_reason = choice["delta"], choice.get("finish_reason")
            self.finish_reason = finish_reason or self.finish_reason
            text, thought = delta.get("content"), delta.get("reasoning_content") or delta.get("reasoning")
            if parts := delta.get("tool_calls"):
                self.calls = self.calls or CallParts()
                self.calls.add(parts)
                self.times.append(time)
            elif text or thought or (text == "" and "role" not in delta):  # some tokens have no text
                self.times.append(time)
                self.texts.append(text or "")
                self.thoughts.append(thought or "")
            if text and not thought and not finish_reason:
                self._learn(event, b'"content":' + orjson.dumps(text))

    def _learn(self, event: bytes, content: bytes) -> None:
        """Remember what stands around the text of an event; `content`: its field, as orjson writes it."""
        head, separator, tail = event.partition(content)
        if separator:
            self._head, self._tail = head + b'"content":"', b'"' + tail


def _timed_events(response: HttpResponse) -> list[tuple[float, bytes]]:
    """Return the data of each server-sent event, and when the part arrived in which the event ends."""
    body, parts = response.body, response.parts
    gap = b"\r\n\r\n" if b"\r\n\r\n" in body else b"\n\n"
    events: list[tuple[float, bytes]] = []
    end, part, last = 0, 0, len(parts) - 1
    for event in body.split(gap, MOST_EVENTS):
        end += len(event) + len(gap)
        while part < last and parts[part + 1][1] < end:
            part += 1
        if event.startswith(b"data: ") and b"\n" not in event:
            events.append((parts[part][0], event[6:]))
        elif data := _data(event):
            events.append((parts[part][0], data))
    return events


def _data(event: bytes) -> bytes:
    """Return the data of an event of several lines, without comments and other fields."""
    lines = (line.strip() for line in event.splitlines())
    return b"\n".join(line[5:].lstrip() for line in lines if line.startswith(b"data:"))
