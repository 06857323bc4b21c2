"""The summary of a run, made from its store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim._util.files import dump_json, write_bytes
from clemsim.results import diagnostics
from clemsim.results.summary import Scored, summarize
from clemsim.store import reader
from clemsim.store.folder import STORE, SUMMARY, read_description
from clemsim.store.schema import ANSWERED, QUESTION


def write_summary(folder: Path) -> dict[str, Any]:
    """The summary, written to `summary.json`. Raises StoreError."""
    summary = summarize_run(folder)
    write_bytes(folder / SUMMARY, dump_json(summary) + b"\n")
    return summary


def summarize_run(folder: Path) -> dict[str, Any]:
    """The summary, made from the store. Raises StoreError."""
    about = read_description(folder)
    with reader.reading(folder / STORE) as base:
        scored = [
            Scored(row.key.arena, row.key.instance, row.key.cast, row.outcome, row.cause) for row in reader.episodes(base)
        ]
        throughput, caches = diagnostics.throughput(base), diagnostics.caches(base)
        cut = reader.cut_replies(base)
        question = reader.meta(base).get(QUESTION)
    scores = summarize(scored)
    return {
        "run": str(folder),
        "suite": about["suite"]["name"],
        "suite_seed": about["suite"].get("seed"),
        "constrained": about["config"].get("constrain", False),
        **scores,
        "cut_replies": cut,
        "throughput": throughput,
        "caches": caches,
        "stopped_when": question["text"] if question and ANSWERED in scores["causes"] else None,
        **({"question": question} if question else {}),
    }
