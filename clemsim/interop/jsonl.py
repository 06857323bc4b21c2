"""A run as JSON lines, one episode a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.files import writing_file
from clemsim.errors import UsageError
from clemsim.game.events import Event, encode, type_name
from clemsim.interop.pictures import encoded, named_in
from clemsim.results.stopping_result import stopped_when
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow


def write_jsonl(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a line for each episode (description, instance, events, scores) and return the number of lines. Its field
    `stopped_when` says why the stopping rule of the run ended it, and is None in other runs. The first line whose events
    name a picture has it, by digest, in its field `images`. `details`, by turn, are log-probabilities, ids of tokens, tokens
    of thinking and candidates, where there are any. Raises UsageError and StoreError.
    """
    return write_lines(out, _episodes(folder))


def write_jsonl_of_all(folders: Sequence[Path], out: Path, *, trust: bool = False) -> int:
    """Write the lines of several runs, one run after another, as `write_jsonl` does, and return their number."""
    return write_lines(out, (row for folder in folders for row in _episodes(folder)))


def write_lines(out: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write each row as one line of JSON and return the number of lines. Raises UsageError."""
    count = 0
    with writing_file(out, UsageError):
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file:
            for row in rows:
                file.write(orjson.dumps(row) + b"\n")
                count += 1
    return count


def event_json(event: Event) -> dict[str, Any]:
    """Return the fields of an event, its type first."""
    return {"type": type_name(event), **orjson.loads(encode(event))}


def _episodes(folder: Path) -> Iterator[dict[str, Any]]:
    stopped, written = stopped_when(folder), set[str]()
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            scores = base.execute("SELECT metric, value FROM scores WHERE episode = ? AND round = 0", (row.id,))
            events = reader.events(base, row.id)
            new = [image for image in named_in(events) if image.digest not in written]
            written |= {image.digest for image in new}
            details = {str(turn): own for turn, own in reader.details(base, row.id).items()}
            yield {**_description(row), "instance": row.data, "events": [event_json(event) for event in events]} | {
                "scores": dict(scores.fetchall()),
                "stopped_when": stopped,
                **({"details": details} if details else {}),
                **({"images": encoded(base, new)} if new else {}),
            }


def _description(row: EpisodeRow) -> dict[str, Any]:
    outcome = row.outcome
    by_seat = {"by_seat": outcome.by_seat} if outcome and outcome.by_seat is not None else {}
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
        **by_seat,
    }
