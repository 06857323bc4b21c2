"""Runs as logs of Inspect (`.eval`), one for each agent and game, written by Inspect's own package (extra `inspect`).

Its viewer and its readers take them. Messages of several seats stand in one conversation, each with its seat before it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from clemsim import __version__
from clemsim._util.extras import library
from clemsim._util.files import safe_names
from clemsim.game.events import Event
from clemsim.interop.spoken import Spoken, spoken
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.results.summary import ArenaSummary
from clemsim.store import reader
from clemsim.store.description import RunDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.reader import EpisodeRow

VERSION = 2  # of the log format
MAIN = "quality"
NO_TIME = 0.0  # of an imported run, which has none


def write_inspect(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a log for each agent and game of a run and return the number of episodes. Unfinished ones are samples with an
    error. Raises UsageError without Inspect, and StoreError.
    """
    log = library("inspect_ai.log", "inspect", "an export as Inspect logs")
    summary, description = summarize_run(folder), read_description(folder)
    names = safe_names([f"{game}_{cast}" for cast, scores in summary.agents.items() for game in scores.arenas])
    out.mkdir(parents=True, exist_ok=True)
    total = 0
    for cast, scores in summary.agents.items():
        for game, own in scores.arenas.items():
            samples = list(_samples(folder, cast, game))
            data = _log(folder, description, summary, cast, game, own, samples)
            log.write_eval_log(log.EvalLog.model_validate(data), str(out / f"{names[f'{game}_{cast}']}.eval"))
            total += len(samples)
    return total


def _log(
    folder: Path,
    description: RunDescription,
    summary: RunSummary,
    cast: str,
    game: str,
    own: ArenaSummary,
    samples: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    identity = sha256(f"{folder.name}/{cast}/{game}".encode()).hexdigest()[:22]
    moments = [sample[name] for sample in samples for name in ("started_at", "completed_at") if sample.get(name)]
    created = description.made.started or _moment(NO_TIME)
    version = description.arenas[game].version if game in description.arenas else None
    arena_metrics = {
        name: {"name": name, "value": value, "metadata": {"interval_95": getattr(own.ci, name)}}
        for name in ("played", "quality", "worth")
        if (value := getattr(own, name)) is not None
    }
    scored = sum(1 for sample in samples if sample["scores"])
    return {
        "version": VERSION,
        "status": "success",
        "eval": {
            "eval_id": identity,
            "run_id": identity,
            "created": created,
            "task": game,
            "task_id": identity,
            "task_version": version if version is not None else 0,
            "dataset": {"name": description.suite.name, "samples": len(samples)},
            "model": str(description.agents.get(cast, {}).get("model") or cast),
            "model_args": {"agent": cast, "constrained": summary.constrained},
            "config": {},
            "packages": {"clemsim": description.made.clemsim or __version__},
            "metadata": {"suite": description.suite.name, "suite_seed": description.suite.seed},
        },
        "results": {
            "total_samples": len(samples),
            "completed_samples": scored,
            "scores": [{"name": MAIN, "scorer": "clemsim", "scored_samples": scored, "metrics": arena_metrics}],
        },
        "stats": {"started_at": min(moments, default=created), "completed_at": max(moments, default=created)},
        "samples": samples,
    }


def _samples(folder: Path, cast: str, game: str) -> Iterator[dict[str, Any]]:
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes_of(base, cast, game):
            yield _sample(base, row)


def _sample(base: sqlite3.Connection, row: EpisodeRow) -> dict[str, Any]:
    events = reader.events(base, row.id)
    messages = _messages(events)
    begun, ended = base.execute("SELECT started, ended FROM episodes WHERE id = ?", (row.id,)).fetchone()
    last = next((message["content"] for message in reversed(messages) if message["role"] == "assistant"), "")
    problem = (
        None if row.outcome else {"message": row.detail or row.cause or "unfinished", "traceback": "", "traceback_ansi": ""}
    )
    return {
        "id": row.key.instance,
        "epoch": row.key.repetition + 1,
        "input": messages[0]["content"] if messages else "",
        "target": "",
        "messages": messages,
        "output": {"model": row.key.cast, "choices": [{"message": {"role": "assistant", "content": last}}]},
        "scores": _scores(base, row),
        "metadata": {"experiment": row.experiment, "instance": row.data},
        "model_usage": _usage(base, row),
        "error": problem,
        **_times(begun, ended),
    }


def _scores(base: sqlite3.Connection, row: EpisodeRow) -> dict[str, Any]:
    """Return the main score, with the outcome as its explanation, and every metric of the episode."""
    outcome = row.outcome
    if outcome is None:
        return {}
    about = {"outcome": outcome.kind, "blame": outcome.blame, "by_seat": dict(outcome.by_seat or {})}
    main = {"value": outcome.quality or 0.0, "answer": outcome.kind, "explanation": outcome.reason, "metadata": about}
    rows = base.execute("SELECT metric, value FROM scores WHERE episode = ? AND round = 0", (row.id,))
    return {MAIN: main} | {metric: {"value": value} for metric, value in rows if value is not None and metric != MAIN}


def _usage(base: sqlite3.Connection, row: EpisodeRow) -> dict[str, dict[str, int]]:
    """Return the tokens of each agent."""
    query = (
        "SELECT agent, coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0)"
        " FROM requests WHERE episode = ? GROUP BY agent"
    )
    return {
        agent: {"input_tokens": read, "output_tokens": made, "total_tokens": read + made, "input_tokens_cache_read": cached}
        for agent, read, made, cached in base.execute(query, (row.id,))
    }


def _messages(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return what was said in the whole episode, the seat before each message."""
    return [{"id": str(place), "role": own.role, "content": _content(own)} for place, own in enumerate(spoken(events))]


def _content(own: Spoken) -> str | list[dict[str, str]]:
    text = f"{own.seat}:\n{own.text}" if own.role == "assistant" else f"to {own.seat}:\n{own.text}"
    if not own.reasoning:
        return text
    return [{"type": "reasoning", "reasoning": own.reasoning}, {"type": "text", "text": text}]


def _times(begun: float | None, ended: float | None) -> dict[str, Any]:
    """Return when an episode began and ended; nothing of one that did not end, or was imported without its times."""
    if begun is None or ended is None:
        return {}
    return {"started_at": _moment(begun), "completed_at": _moment(ended), "total_time": ended - begun}


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()
