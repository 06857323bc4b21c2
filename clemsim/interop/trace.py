"""The requests of a run as a trace that load testers replay, in the format of Mooncake's traces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from clemsim.errors import UsageError
from clemsim.game.events import Asked, Event, Replied, Told
from clemsim.interop.jsonl import write_lines
from clemsim.results.stopping_result import stopped_when
from clemsim.runs.prepare import recorded_arenas
from clemsim.store import reader
from clemsim.store.folder import STORE

BLOCK = 512  # tokens that one hash stands for, as in Mooncake's traces


def write_trace(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a line for each request, in the order in which they began, and return the number of lines.

    `timestamp` is in milliseconds since the first request, `input_length` and `output_length` in tokens; `hash_ids` has a
    number for every 512 tokens of input (equal numbers: equal text up to that point); `session_id` is the episode. Where a
    stopping rule ended the run, `stopped_when` says so. Raises UsageError when the run made no requests.
    """
    rows = sorted(_requests(folder, trust=trust), key=lambda row: row["timestamp"])
    if not rows:
        raise UsageError(f"{folder} has no requests to a server, so there is no trace of it")
    stopped = stopped_when(folder)
    first, ids = rows[0]["timestamp"], dict[bytes, int]()
    for row in rows:
        row["timestamp"] = round((row["timestamp"] - first) * 1000)
        row["hash_ids"] = [ids.setdefault(digest, len(ids)) for digest in row["hash_ids"]]
        if stopped:
            row["stopped_when"] = stopped
    return write_lines(out, rows)


def _requests(folder: Path, *, trust: bool) -> Iterator[dict[str, Any]]:
    """Yield the requests of each episode. Raises UsageError for a run that was imported."""
    recorded_arenas(folder, trust=trust)
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            costs = reader.requests(base, row.id)
            for turn, text in _views(reader.events(base, row.id)):
                if cost := costs.get(turn):
                    yield {
                        "timestamp": cost["started"],
                        "input_length": cost["tokens_in"],
                        "output_length": cost["tokens_out"],
                        "hash_ids": _blocks(text, cost["tokens_in"]),
                        "session_id": str(row.id),
                    }


def _views(events: Iterable[Event]) -> Iterator[tuple[int, str]]:
    """Yield what each answered turn's seat had seen, with its ask, as text; in the order of the replies."""
    seen: defaultdict[str, list[str]] = defaultdict(list)
    asks: dict[int, tuple[Asked, str]] = {}
    for event in events:
        match event:
            case Told(seat, content, echo):
                seen[seat] += [_message_text("user", content), *([_message_text("assistant", echo)] if echo else [])]
            case Asked(turn, seat, content, keep):
                ask = _message_text("user", content)
                asks[turn] = event, "\x1e".join([*seen[seat], ask])
                seen[seat] += [ask] if keep else []
            case Replied(turn, seat, content):
                asked, text = asks[turn]
                seen[seat] += [_message_text("assistant", content)] if asked.keep else []
                yield turn, text


def _message_text(role: str, content: str) -> str:
    return f"{role}\x1f{content}"


def _blocks(text: str, tokens: int) -> list[bytes]:
    """Return a hash for each block of the input; the end of a block in the text is taken in proportion."""
    count = max(1, -(-tokens // BLOCK))
    share = len(text) * BLOCK / max(tokens, 1)
    ends = [min(len(text), round((number + 1) * share)) for number in range(count)]
    return [blake2b(text[:end].encode(), digest_size=16).digest() for end in ends]
