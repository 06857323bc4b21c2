"""Writes a run in other formats: JSON lines, Parquet, and traces that load testers replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.extras import library
from clemsim._util.files import writing_file
from clemsim.errors import UsageError
from clemsim.game.events import Replied, encode, type_name
from clemsim.game.messages import MODERATOR, Message
from clemsim.interop.clembench.exporting import export_results
from clemsim.results.frames import QUERIES
from clemsim.runs.api import open_run
from clemsim.runs.prepare import prepare_arenas
from clemsim.store import reader
from clemsim.store.folder import STORE, read_config
from clemsim.store.reader import EpisodeRow

BLOCK = 512  # tokens that one hash of a trace stands for, as in Mooncake's traces


def jsonl(folder: Path, out: Path) -> int:
    """One line an episode: what it is, its instance, its events, its scores. Returns the number of lines."""
    return _lines(out, _episodes(folder))


def trace(folder: Path, out: Path) -> int:
    """One line a request, in the order of their beginnings, as Mooncake's traces have them.

    `timestamp` in milliseconds from the first request on, `input_length` and `output_length` in tokens, `hash_ids` one
    number for every 512 tokens of input (equal numbers: equal text up to there), `session_id` the episode. Returns the
    number of lines. Raises UsageError when the run made no requests.
    """
    rows = sorted(_requests(folder), key=lambda row: row["timestamp"])
    if not rows:
        raise UsageError(f"{folder} has no requests to a server, so there is no trace of it")
    first, ids = rows[0]["timestamp"], dict[bytes, int]()
    for row in rows:
        row["timestamp"] = round((row["timestamp"] - first) * 1000)
        row["hash_ids"] = [ids.setdefault(each, len(ids)) for each in row["hash_ids"]]
    return _lines(out, iter(rows))


def parquet(folder: Path, out: Path) -> int:
    """A folder with `episodes.parquet`, `turns.parquet` and `scores.parquet`. Returns the number of episodes.

    Raises UsageError without pyarrow.
    """
    run = open_run(folder)
    tables = {name: run.arrow(name) for name in QUERIES}
    with writing_file(out, UsageError):
        out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            library("pyarrow.parquet", "frames").write_table(table, out / f"{name}.parquet")
    return int(tables["episodes"].num_rows)


FORMATS: dict[str, tuple[Callable[[Path, Path], int], str, str]] = {  # how, the ending of the usual name, what is counted
    "clembench": (export_results, "-clembench", "episodes"),
    "jsonl": (jsonl, ".jsonl", "episodes"),
    "parquet": (parquet, "-parquet", "episodes"),
    "trace": (trace, ".trace.jsonl", "requests"),
}


def _episodes(folder: Path) -> Iterator[dict[str, Any]]:
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            scores = base.execute("SELECT metric, value FROM scores WHERE episode = ? AND round = 0", (row.id,))
            events = [{"type": type_name(event), **orjson.loads(encode(event))} for event in reader.events(base, row.id)]
            yield {**_about(row), "instance": row.data, "events": events, "scores": dict(scores.fetchall())}


def _about(row: EpisodeRow) -> dict[str, Any]:
    outcome = row.outcome
    return {
        "episode": row.id,
        "arena": row.key.arena,
        "experiment": row.experiment,
        "label": row.key.label,
        "repetition": row.key.repetition,
        "agent": row.key.cast,
        "status": row.status,
        "outcome": outcome.kind if outcome else None,
        "quality": outcome.quality if outcome else None,
        "reason": outcome.reason if outcome else row.detail,
    }


def _requests(folder: Path) -> Iterator[dict[str, Any]]:
    arenas = prepare_arenas(read_config(folder))
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            costs = reader.requests(base, row.id)
            arena = arenas[row.key.arena]
            driven = arena.drive(arena.load(row.data), row.key)
            for event in reader.events(base, row.id):
                if not isinstance(event, Replied):
                    continue
                ask = next(pending for pending in driven.pending if pending.turn == event.turn)
                if cost := costs.get(event.turn):
                    text = "\x1e".join(_said(each) for each in driven.view(ask))
                    yield {
                        "timestamp": cost["started"],
                        "input_length": cost["tokens_in"],
                        "output_length": cost["tokens_out"],
                        "hash_ids": _blocks(text, cost["tokens_in"]),
                        "session_id": str(row.id),
                    }
                driven.replay([event])


def _said(message: Message) -> str:
    return f"{'user' if message.author == MODERATOR else 'assistant'}\x1f{message.content}"


def _blocks(text: str, tokens: int) -> list[bytes]:
    """A hash for each block of the input; where in the text a block ends is taken in proportion."""
    count = max(1, -(-tokens // BLOCK))
    share = len(text) * BLOCK / max(tokens, 1)
    ends = [min(len(text), round((number + 1) * share)) for number in range(count)]
    return [blake2b(text[:end].encode(), digest_size=16).digest() for end in ends]


def _lines(out: Path, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    with writing_file(out, UsageError):
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file:
            for row in rows:
                file.write(orjson.dumps(row) + b"\n")
                count += 1
    return count
