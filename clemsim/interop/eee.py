"""Runs as records of every-eval-ever (schema 0.3.0): scores with their intervals, and a line for each episode.

The folder is laid out as its repository is: `data/SUITE/DEVELOPER/MODEL/UUID.json` for each agent, and `UUID_samples.jsonl`
beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from clemsim import __version__
from clemsim._util.files import safe_name, write_bytes, writing_file
from clemsim.errors import UsageError
from clemsim.interop.spoken import Spoken, spoken
from clemsim.results.intervals import Interval
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.results.summary import ScoreSummary
from clemsim.store import reader
from clemsim.store.description import RunDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.reader import EpisodeRow

SCHEMA = "0.3.0"
PERFECT = 100.0
METRICS = {
    "clemscore": "%Played / 100 x Quality",
    "played": "share of episodes in which no seat broke the rules of form",
    "quality": "mean main score of the episodes that were played to their end",
}
OF_GAMES = ("played", "quality")
METHOD = "score interval, the variance taken at each end; clustered by instance"


@dataclass(frozen=True, slots=True)
class _Record:
    """What the lines of one agent have in common. `identity`: of the evaluation; `model`: as the schema names it."""

    folder: Path
    description: RunDescription
    cast: str
    identity: str
    model: str
    uuid: UUID

    @property
    def place(self) -> str:
        """Where its files lie, without their endings."""
        developer, _, name = self.model.rpartition("/")
        suite = safe_name(self.description.suite.name or "run")
        return f"data/{suite}/{safe_name(developer or 'unknown')}/{safe_name(name)}/{self.uuid}"


def write_eee(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a record and its samples for each agent of a run and return the number of episodes. Unfinished episodes are in
    none. Raises UsageError and StoreError.
    """
    summary, description = summarize_run(folder), read_description(folder)
    moment = datetime.fromisoformat(description.made.started).timestamp() if description.made.started else 0.0
    total = 0
    for cast, scores in summary.agents.items():
        model = _model(description, cast)
        identity = f"{description.suite.name}/{model}/{moment:.0f}"
        own = sha256(f"{identity}/{cast}/{folder.name}".encode()).digest()[:16]
        record = _Record(folder, description, cast, identity, model, UUID(bytes=own, version=4))
        base = out / record.place
        base.parent.mkdir(parents=True, exist_ok=True)
        count, checksum = _write_samples(record, base.with_name(f"{base.name}_samples.jsonl"))
        whole = _evaluation(record, summary, scores, moment, checksum, count)
        write_bytes(base.with_name(f"{base.name}.json"), orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n", UsageError)
        total += count
    return total


def _model(description: RunDescription, cast: str) -> str:
    about = description.agents.get(cast, {})
    return str(about.get("model") or cast)


def _evaluation(
    record: _Record, summary: RunSummary, scores: ScoreSummary, moment: float, checksum: str, count: int
) -> dict[str, Any]:
    about = record.description.agents.get(record.cast, {})
    engine = {"name": str(about.get("engine", "unknown")), "version": str(about.get("build", "unknown"))}
    return {
        "schema_version": SCHEMA,
        "evaluation_id": record.identity,
        "evaluation_timestamp": record.description.made.started,
        "retrieved_timestamp": f"{moment:.0f}",
        "source_metadata": {
            "source_name": "clemsim",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {
            "name": "clemsim",
            "version": record.description.made.clemsim or __version__,
            "additional_details": _rules(record.description),
        },
        "model_info": {
            "name": record.cast,
            "id": record.model,
            "inference_engine": engine,
            "developer": record.model.rpartition("/")[0] or "unknown",
            "additional_details": {
                "deployment_type": "unknown",
                "model_availability": "unknown",
                "unfinished_episodes": str(scores.unfinished),
            },
        },
        "evaluation_results": list(_results(record, summary, scores)),
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": f"{record.place}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": checksum,
            "total_rows": count,
        },
    }


def _rules(description: RunDescription) -> dict[str, str]:
    return {f"rules of {name}": str(arena.version) for name, arena in description.arenas.items()}


def _results(record: _Record, summary: RunSummary, scores: ScoreSummary) -> Iterator[dict[str, Any]]:
    finished = scores.episodes - scores.unfinished
    for name in METRICS:
        yield from _result(record, summary, "overall", name, getattr(scores, name), getattr(scores.ci, name), finished)
    for game, own in scores.arenas.items():
        count = own.episodes - own.unfinished
        for name in OF_GAMES:
            yield from _result(record, summary, game, name, getattr(own, name), getattr(own.ci, name), count)


def _result(
    record: _Record, summary: RunSummary, game: str, name: str, value: float | None, limits: Interval | None, count: int
) -> Iterator[dict[str, Any]]:
    """Yield the result of a metric of a game, or overall; none where it has no value."""
    if value is None:
        return
    uncertainty: dict[str, Any] = {"num_samples": count}
    if limits:
        low, high = limits
        uncertainty["confidence_interval"] = {"lower": low, "upper": high, "confidence_level": 0.95, "method": METHOD}
    yield {
        "evaluation_result_id": f"{record.uuid}/{game}/{name}",
        "evaluation_name": f"clemsim/{record.description.suite.name}/{game}",
        "source_data": {
            "dataset_name": f"{record.description.suite.name}, seed {record.description.suite.seed}",
            "source_type": "other",
        },
        "metric_config": {
            "evaluation_description": METRICS[name],
            "metric_id": f"clemsim.{name}",
            "metric_name": name,
            "metric_unit": "points",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": PERFECT,
        },
        "score_details": {"score": value, "uncertainty": uncertainty},
        "generation_config": {"generation_args": _generation(record, constrained=summary.constrained)},
    }


def _generation(record: _Record, *, constrained: bool) -> dict[str, Any]:
    config = record.description.config
    sampling: Mapping[str, Any] = record.description.agents.get(record.cast, {}).get("sampling", {})
    return {
        "temperature": float(sampling.get("temperature", config.temperature)),
        "max_tokens": int(sampling.get("max_tokens", config.max_tokens)),
        "eval_plan": {"name": "constrained decoding" if constrained else "free decoding"},
    }


def _write_samples(record: _Record, path: Path) -> tuple[int, str]:
    """Write the lines of an agent, one after another, and return their number and the SHA-256 of the file."""
    count, digest = 0, sha256()
    with writing_file(path, UsageError), path.open("wb") as file:
        for line in _samples(record):
            content = orjson.dumps(line) + b"\n"
            file.write(content)
            digest.update(content)
            count += 1
    return count, digest.hexdigest()


def _samples(record: _Record) -> Iterator[dict[str, Any]]:
    with reader.reading(record.folder / STORE) as base:
        for row in reader.episodes_of(base, record.cast):
            if row.outcome:
                yield _sample(record, base, row)


def _sample(record: _Record, base: sqlite3.Connection, row: EpisodeRow) -> dict[str, Any]:
    outcome = row.outcome
    assert outcome  # of an episode that has ended
    events, costs = reader.events(base, row.id), reader.requests(base, row.id).values()
    said = list(spoken(events))
    messages = [_message(place, own) for place, own in enumerate(said)]
    game, first = row.key.arena, messages[0]["content"] if messages else ""
    tokens = [sum(cost[name] or 0 for cost in costs) for name in ("tokens_in", "tokens_out", "tokens_cached")]
    answers = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    score = outcome.quality if outcome.quality is not None else 0.0
    return {
        "schema_version": SCHEMA,
        "evaluation_id": record.identity,
        "model_id": record.model,
        "evaluation_name": f"clemsim/{record.description.suite.name}/{game}",
        "evaluation_result_id": f"{record.uuid}/{game}/quality",
        "sample_id": f"{row.key.label}/{row.key.repetition}",
        "sample_hash": sha256(orjson.dumps([game, row.data], option=orjson.OPT_SORT_KEYS)).hexdigest(),
        "interaction_type": "multi_turn",
        "input": {"raw": first, "reference": [orjson.dumps(row.data).decode()]},
        "messages": messages,
        "answer_attribution": [
            {
                "turn_idx": answers[-1] if answers else 0,
                "source": "messages[turn_idx].content",
                "extracted_value": outcome.reason or outcome.kind,
                "extraction_method": "the rules of the game",
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": score, "is_correct": outcome.kind == "success", "num_turns": max(1, len(answers))},
        "token_usage": {
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "total_tokens": tokens[0] + tokens[1],
            "input_tokens_cache_read": tokens[2],
        },
        "performance": {"latency_ms": 1000 * sum(cost["seconds"] or 0.0 for cost in costs)},
        "metadata": {
            "game": game,
            "experiment": row.experiment,
            "outcome": outcome.kind,
            "reason": outcome.reason,
            "blame": outcome.blame or "",
            "by_seat": dict(outcome.by_seat or {}),
            "seats": [own.seat for own in said],
        },
    }


def _message(place: int, said: Spoken) -> dict[str, Any]:
    thought = {"reasoning_trace": said.reasoning} if said.reasoning else {}
    return {"turn_idx": place, "role": said.role, "content": said.text, **thought}
