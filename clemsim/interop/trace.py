"""The requests of a run as traces that load testers replay: word for word, or as sizes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from clemsim.interop.export_writer import ExportWriter
from clemsim.interop.jsonl import write_lines
from clemsim.results.stopping_result import stopped_when
from clemsim.runs.recorded_requests import RecordedRequest, chains, recorded_requests
from clemsim.store.folder import read_config

BLOCK = 16  # tokens that one hash stands for, as in vLLM's prefix cache; Mooncake's own traces have 512

Rows = Callable[[Path, Sequence[RecordedRequest], int], Iterator[dict[str, Any]]]


def trace_writer(rows: Rows) -> ExportWriter:
    """Return the function that writes a trace with these rows. Its keyword `block`: tokens that a hash stands for."""
    return partial(_write, rows)


def _write(rows: Rows, folder: Path, out: Path, *, trust: bool = False, block: int = BLOCK) -> int:
    """Write the rows of a run, and return their number. Raises UsageError when the run made no requests."""
    requests = recorded_requests(folder, trust=trust)
    stopped = stopped_when(folder)
    extra = {"stopped_when": stopped} if stopped else {}
    return write_lines(out, (row | extra for row in rows(folder, requests, block)))


def verbatim(folder: Path, requests: Sequence[RecordedRequest], block: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each request with its `messages`, as aiperf sends them word for word (`mooncake-trace`).

    `session_id` names requests that followed each other: the first of them is due at its `timestamp`, each other one
    `delay` after the answer before it (both in milliseconds). Requests asked in parallel are in sessions of their own.
    `output_length` in tokens; `extra` forces replies to it and draws as the run did.
    """
    temperature = read_config(folder).temperature
    for request, place in _placed(requests, chains(requests)):
        size = request.tokens_out
        draw = {"seed": request.seed, "temperature": temperature, "ignore_eos": True, "min_tokens": size}
        yield {**place, "output_length": size, "messages": request.sent, "extra": draw}


def sizes(folder: Path, requests: Sequence[RecordedRequest], block: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each request in Mooncake's own format: whole inputs, each at its `timestamp`, without sessions.

    `input_length` and `output_length` in tokens; `hash_ids` has a number for every `block` tokens of input (equal numbers:
    equal text up to that point).
    """
    ids: dict[bytes, int] = {}
    width = _characters(requests)
    for request in requests:
        yield {
            "timestamp": _ms(request.started - requests[0].started),
            "input_length": request.tokens_in,
            "output_length": request.tokens_out,
            "hash_ids": _hash_ids(request, block, width, ids),
        }


def deltas(folder: Path, requests: Sequence[RecordedRequest], block: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each request with the tokens that are new in it, for clients that let conversations grow by
    themselves (aiperf's `mooncake-trace` with sessions, whose replies become part of the next input).

    Only the first row of a session has `hash_ids` and a `timestamp`, each other one the `delay` after the answer before it
    (milliseconds).
    """
    ids: dict[bytes, int] = {}
    width = _characters(requests)
    sessions = chains(requests, same_seat=True)
    before = {id(later): earlier for session in sessions for earlier, later in pairwise(session)}
    for request, place in _placed(requests, sessions):
        earlier = before.get(id(request))
        known = earlier.tokens_in + earlier.tokens_out if earlier else 0
        row = {**place, "input_length": max(1, request.tokens_in - known), "output_length": request.tokens_out}
        yield row if earlier else {**row, "hash_ids": _hash_ids(request, block, width, ids)}


def sessions(folder: Path, requests: Sequence[RecordedRequest], block: int) -> Iterator[dict[str, Any]]:
    """Yield a span for each request as guidellm plays them (`kind=otel`): flat ones, session by session.

    A session is a trace of its own, whose requests wait for each other; requests asked in parallel are in sessions of their
    own. `start_time` in ISO 8601, `duration` in seconds; `gen_ai.input.messages` is JSON text.
    """
    for number, (request, place) in enumerate(_placed(requests, chains(requests))):
        yield {
            "trace_id": place["session_id"],
            "span_id": str(number),
            "start_time": datetime.fromtimestamp(request.started, UTC).isoformat(timespec="microseconds"),
            "duration": round(max(0.0, request.ended - request.started), 6),
            "attributes": {
                "gen_ai.operation.name": "chat",
                "gen_ai.usage.input_tokens": request.tokens_in,
                "gen_ai.usage.output_tokens": request.tokens_out,
                "gen_ai.input.messages": orjson.dumps(request.sent).decode(),
            },
        }


def _placed(
    requests: Sequence[RecordedRequest], sessions: Sequence[Sequence[RecordedRequest]]
) -> Iterator[tuple[RecordedRequest, dict[str, Any]]]:
    """Yield each request with its session and its time, session by session in the order in which they begin."""
    begun = requests[0].started
    for number, session in enumerate(sessions):
        before: RecordedRequest | None = None
        for request in session:
            name = f"{request.episode}-{number}"
            if before is None:
                yield request, {"session_id": name, "timestamp": _ms(request.started - begun)}
            else:
                yield request, {"session_id": name, "delay": _ms(max(0.0, request.started - before.ended))}
            before = request


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def _characters(requests: Sequence[RecordedRequest]) -> float:
    """Return the characters of a token of input in this run: one number for all, so that equal text has equal blocks."""
    tokens = sum(request.tokens_in for request in requests)
    return sum(len(_text(request)) for request in requests) / tokens if tokens else 4.0


def _text(request: RecordedRequest) -> str:
    return "\x1e".join(f"{message['role']}\x1f{message['content']}" for message in request.messages)


def _hash_ids(request: RecordedRequest, block: int, width: float, ids: dict[bytes, int]) -> list[int]:
    """Return a number for each block of the input. A block that is beyond the text is known by its number too."""
    text, count = _text(request), max(1, -(-request.tokens_in // block))
    ends = [round((number + 1) * block * width) for number in range(count)]
    names = [text[:end] if end < len(text) else f"{text}\x1d{number}" for number, end in enumerate(ends)]
    return [ids.setdefault(_digest(name, 16), len(ids)) for name in names]


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
