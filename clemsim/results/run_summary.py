"""The summary of a run, made from its store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim._util.files import PRIVATE, dump_json, write_bytes
from clemsim.errors import ParserError
from clemsim.results.diagnostics import CacheReport, Throughput, caches, throughput
from clemsim.results.stopping_result import StoppingResult, recorded_result
from clemsim.results.summary import RunScores, ScoredEpisode, summarize
from clemsim.store import checksums, reader
from clemsim.store.folder import STORE, SUMMARY, read_description
from clemsim.store.schema import ANSWERED

HEAD = ("run", "suite", "suite_seed", "constrained", "agents")  # what `summary.json` begins with


class RunSummary(RunScores):
    """The content of `summary.json`. All casts together are scored at the top, each cast under `agents`."""

    run: str  # the folder
    suite: str
    suite_seed: int | None
    constrained: bool
    cut_replies: dict[str, dict[str, int]]  # by cast and reason (`length`, `overflow`): how many replies broke off
    throughput: Throughput
    caches: dict[str, CacheReport]  # by agent
    stopped_when: str | None  # the line of the stopping rule that ended the run
    question: StoppingResult | None = None  # None: the run has no stopping rule
    parser_error: str | None = None  # the first, with its author's frames; None: there was none

    def as_json(self) -> dict[str, Any]:
        """Return the content of `summary.json`, in its order. A run without a stopping rule has no `question`, and one
        without a parser error no `parser_error`.
        """
        optional = {"question": self.question, "parser_error": self.parser_error}
        missing = {name for name, value in optional.items() if value is None}
        data = self.model_dump(mode="json", exclude=missing)
        return {name: data[name] for name in HEAD} | {name: value for name, value in data.items() if name not in HEAD}


def write_summary(folder: Path) -> RunSummary:
    """Write `summary.json` and return the summary. Raises StoreError."""
    summary = _summary(folder)
    write_bytes(folder / SUMMARY, dump_json(summary.as_json()) + b"\n", mode=PRIVATE)
    return summary


def summarize_run(folder: Path) -> RunSummary:
    """Return the summary of the run in `folder`, made from its store. Raises StoreError, also for a damaged episode."""
    with reader.reading(folder / STORE) as base:
        checksums.check(base)
    return _summary(folder)


def _summary(folder: Path) -> RunSummary:
    description = read_description(folder)
    with reader.reading(folder / STORE) as base, reader.decoding(folder / STORE):
        rows = list(reader.episodes(base))
        rates, reports = throughput(base), caches(base)
        cut_replies = reader.cut_replies(base)
        question = recorded_result(base)
    scores = summarize(ScoredEpisode(row.key.arena, row.key.instance, row.key.cast, row.outcome, row.cause) for row in rows)
    return RunSummary(
        run=str(folder),
        suite=description.suite.name,
        suite_seed=description.suite.seed,
        constrained=description.config.constrain,
        cut_replies=cut_replies,
        throughput=rates,
        caches=reports,
        stopped_when=question.text if question and ANSWERED in scores.causes else None,
        question=question,
        parser_error=next((row.detail for row in rows if row.cause == ParserError.cause), None),
        **dict(scores),
    )
