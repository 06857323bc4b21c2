"""The requests of a run as a trace that load testers replay, in the format of Mooncake's traces."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from clemsim.errors import ParserError, UsageError
from clemsim.game.events import Replied
from clemsim.game.messages import MODERATOR, Message
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
    """Yield the requests of each episode, whose replies are driven through the game again to get their views."""
    arenas = recorded_arenas(folder, trust=trust)
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            costs = reader.requests(base, row.id)
            arena = row.of(arenas)
            driver = arena.drive(arena.load(row.data), row.key)
            for event in reader.events(base, row.id):
                if not isinstance(event, Replied):
                    continue
                ask = next(pending for pending in driver.pending if pending.turn == event.turn)
                if cost := costs.get(event.turn):
                    text = "\x1e".join(_message_text(message) for message in driver.view(ask))
                    yield {
                        "timestamp": cost["started"],
                        "input_length": cost["tokens_in"],
                        "output_length": cost["tokens_out"],
                        "hash_ids": _blocks(text, cost["tokens_in"]),
                        "session_id": str(row.id),
                    }
                try:
                    driver.replay([event])
                except ParserError:
                    break  # the last reply of an unfinished episode


def _message_text(message: Message) -> str:
    return f"{'user' if message.author == MODERATOR else 'assistant'}\x1f{message.content}"


def _blocks(text: str, tokens: int) -> list[bytes]:
    """Return a hash for each block of the input; the end of a block in the text is taken in proportion."""
    count = max(1, -(-tokens // BLOCK))
    share = len(text) * BLOCK / max(tokens, 1)
    ends = [min(len(text), round((number + 1) * share)) for number in range(count)]
    return [blake2b(text[:end].encode(), digest_size=16).digest() for end in ends]
