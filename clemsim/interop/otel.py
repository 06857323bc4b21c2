"""Finished runs as OpenTelemetry spans, after its conventions for generative models (semantic-conventions-genai 0.1).

An episode is a trace: the game is its root (`invoke_workflow`), each seat that asked a model stands below it
(`invoke_agent`), and below that each request (`chat`). What came of the episode are events `gen_ai.evaluation.result` of the
root, and scores by seat those of the seat. Identifiers follow from the run, so that an episode that is exported twice is the
same trace.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from clemsim import __version__
from clemsim.errors import UsageError
from clemsim.game.events import Replied
from clemsim.interop.jsonl import write_lines
from clemsim.results.stopping_result import stopped_when
from clemsim.runs.recorded_turns import RecordedChats
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow

INTERNAL, CLIENT = 1, 3  # kinds of spans
FAILED = 2  # code of the status of a span
EVALUATED = "gen_ai.evaluation.result"
FINISHED = {"overflow": "error", "thinking": "length", "filtered": "content_filter"}  # reasons by OpenTelemetry's names


def write_otel(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a line for each episode that has begun, an OTLP object with its spans, and return the number of lines.

    Times in nanoseconds since the epoch. Raises UsageError when the run made no requests.
    """
    return write_lines(out, otel_lines(folder, trust=trust))


def otel_lines(folder: Path, *, trust: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the lines of `write_otel`. Raises what it raises."""
    with reader.reading(folder / STORE) as base:
        if base.execute("SELECT 1 FROM requests WHERE started IS NOT NULL LIMIT 1").fetchone() is None:
            raise UsageError(f"{folder} has no requests to a server, so there is no trace of it")
        run = _Run.of(folder, base, trust=trust)
        for row in reader.episodes(base):
            if found := _episode(run, base, row):
                scope = {"scope": {"name": "clemsim", "version": __version__}, "spans": found}
                yield {"resourceSpans": [{"resource": {"attributes": run.attributes}, "scopeSpans": [scope]}]}


@dataclass(frozen=True, slots=True)
class _Run:
    """What all episodes of a run share. `attributes`: of the resource."""

    name: str
    chats: RecordedChats
    attributes: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, folder: Path, base: sqlite3.Connection, *, trust: bool) -> _Run:
        chats = RecordedChats.of(folder, base, trust=trust)
        about = chats.description
        facts = {
            "service.name": "clemsim",
            "service.version": about.made.clemsim or __version__,
            "clemsim.run": folder.name,
            "clemsim.suite": about.suite.name,
            "clemsim.stopped_when": stopped_when(folder),
        }
        return cls(f"{folder.name} {about.made.started}", chats, attributes(facts))

    def id(self, size: int, *parts: object) -> str:
        """Return the identifier of a trace or a span, of so many bytes."""
        return blake2b("/".join(map(str, [self.name, *parts])).encode(), digest_size=size).hexdigest()


def _episode(run: _Run, base: sqlite3.Connection, row: EpisodeRow) -> list[dict[str, Any]]:
    """Return the spans of an episode, the root first; none where it has not begun."""
    begun, ended = base.execute("SELECT started, ended FROM episodes WHERE id = ?", (row.id,)).fetchone()
    if begun is None:
        return []
    costs = {turn: cost for turn, cost in reader.requests(base, row.id).items() if cost["started"] is not None}
    last = max((cost["started"] + (cost["seconds"] or 0.0) for cost in costs.values()), default=begun)
    root = _root(run, base, row, (begun, ended or last))
    chats = list(_chats(run, base, row, costs))
    return [root, *_seats(run, row, costs.values()), *chats]


def _root(run: _Run, base: sqlite3.Connection, row: EpisodeRow, times: tuple[float, float]) -> dict[str, Any]:
    outcome, metrics = row.outcome, reader.scores_of(base, row.id)[0]
    facts = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": row.key.arena,
        "clemsim.episode": row.id,
        "clemsim.cast": row.key.cast,
        "clemsim.experiment": row.experiment,
        "clemsim.instance": row.key.instance,
        "clemsim.repetition": row.key.repetition,
        "clemsim.rules": str(row.version),
        "clemsim.outcome": outcome.kind if outcome else "unfinished",
        "error.type": None if outcome else row.cause or "interrupted",
    }
    span = _span(run, row, f"invoke_workflow {row.key.arena}", INTERNAL, times, facts)
    if outcome is None:
        return {**span, "status": {"code": FAILED, "message": row.detail or row.cause or "unfinished"}}
    main = _evaluation("quality", outcome.quality, times[1], outcome.kind, outcome.reason)
    others = [_evaluation(name, value, times[1]) for name, value in metrics.items() if value is not None]
    return {**span, "events": [main, *others]}


def _seats(run: _Run, row: EpisodeRow, costs: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the span of each seat that asked a model, from its first request to its last answer."""
    by_seat: dict[str, list[Mapping[str, Any]]] = {}
    for cost in costs:
        by_seat.setdefault(cost["seat"], []).append(cost)
    for seat, own in by_seat.items():
        agent = own[0]["agent"]
        times = (min(cost["started"] for cost in own), max(cost["started"] + (cost["seconds"] or 0.0) for cost in own))
        usage = {name: sum(cost[name] or 0 for cost in own) for name in ("tokens_in", "tokens_out", "tokens_cached")}
        facts = {
            "gen_ai.operation.name": "invoke_agent",
            **_agent(run, row, seat, agent),
            **_model(run, agent),
            **_usage(usage),
        }
        span = _span(run, row, f"invoke_agent {agent}", INTERNAL, times, facts, seat, parent=())
        score = (row.outcome.by_seat or {}).get(seat) if row.outcome else None
        yield {**span, "events": [_evaluation("score by seat", score, times[1])]} if score is not None else span


def _chats(
    run: _Run, base: sqlite3.Connection, row: EpisodeRow, costs: Mapping[int, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the span of each request."""
    details = reader.details(base, row.id)
    for reply, view in run.chats.turns(row, reader.events(base, row.id)):
        if cost := costs.get(reply.turn):
            agent, model = cost["agent"], _model(run, cost["agent"])
            thought = details.get(reply.turn, {}).get("tokens_thought")
            facts = {
                "gen_ai.operation.name": "chat",
                **_agent(run, row, view.seat, agent),
                **model,
                **_sampling(run, agent),
                "gen_ai.request.seed": cost["seed"],
                "gen_ai.response.model": cost["model"],
                "gen_ai.response.finish_reasons": [FINISHED.get(reply.stop, reply.stop)],
                "gen_ai.usage.reasoning.output_tokens": thought,
                **_usage(cost),
                "gen_ai.input.messages": [message_parts(message) for message in run.chats.shown(view, agent)],
                "gen_ai.output.messages": [_output(run, reply)],
                "clemsim.turn": reply.turn,
            }
            times = (cost["started"], cost["started"] + (cost["seconds"] or 0.0))
            name = f"chat {model.get('gen_ai.request.model', '')}".strip()
            yield _span(run, row, name, CLIENT, times, facts, reply.turn, parent=(view.seat,))


def _agent(run: _Run, row: EpisodeRow, seat: str, agent: str) -> dict[str, Any]:
    return {
        "gen_ai.conversation.id": f"{run.id(8)}/{row.id}/{seat}",
        "gen_ai.agent.name": agent,
        "clemsim.seat": seat,
    }


def _model(run: _Run, agent: str) -> dict[str, Any]:
    """Return which model an agent asked, and where."""
    about = run.chats.description.agents.get(agent, {})
    found: dict[str, Any] = {"gen_ai.provider.name": str(about.get("dialect") or about.get("engine") or "unknown")}
    if about.get("model"):
        found["gen_ai.request.model"] = str(about["model"])
    address = urlsplit(str(about.get("url") or "").split(",")[0])
    if address.hostname:
        port = address.port or (443 if address.scheme == "https" else 80)
        found |= {"server.address": address.hostname, "server.port": port}
    return found


def _sampling(run: _Run, agent: str) -> dict[str, Any]:
    config = run.chats.description.config
    sampling: Mapping[str, Any] = run.chats.description.agents.get(agent, {}).get("sampling", {})
    return {
        "gen_ai.request.temperature": float(sampling.get("temperature", config.temperature)),
        "gen_ai.request.max_tokens": int(sampling.get("max_tokens", config.max_tokens)),
        "gen_ai.request.top_p": float(sampling["top_p"]) if "top_p" in sampling else None,
    }


def _usage(cost: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "gen_ai.usage.input_tokens": cost["tokens_in"] or 0,
        "gen_ai.usage.output_tokens": cost["tokens_out"] or 0,
        "gen_ai.usage.cache_read.input_tokens": cost["tokens_cached"] or 0,
    }


def _evaluation(name: str, value: float | None, at: float, label: str = "", why: str = "") -> dict[str, Any]:
    facts = {
        "gen_ai.evaluation.name": name,
        "gen_ai.evaluation.score.value": None if value is None else float(value),
        "gen_ai.evaluation.score.label": label or None,
        "gen_ai.evaluation.explanation": why or None,
    }
    return {"timeUnixNano": _nanoseconds(at), "name": EVALUATED, "attributes": attributes(facts)}


def _span(
    run: _Run,
    row: EpisodeRow,
    name: str,
    kind: int,
    times: tuple[float, float],
    facts: Mapping[str, Any],
    *path: object,
    parent: Sequence[object] | None = None,
) -> dict[str, Any]:
    """Return a span. `path` tells the spans of an episode apart; that of the root is empty. `parent`: the path of its
    parent; None: it is the root.
    """
    above = {"parentSpanId": run.id(8, row.id, *parent)} if parent is not None else {}
    return {
        "traceId": run.id(16, row.id),
        "spanId": run.id(8, row.id, *path),
        **above,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": _nanoseconds(times[0]),
        "endTimeUnixNano": _nanoseconds(max(times)),
        "attributes": attributes(facts),
    }


def _nanoseconds(seconds: float) -> str:
    return str(round(seconds * 1e9))


def attributes(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return facts as attributes of OTLP/JSON, those that are None left out."""
    return [{"key": key, "value": _value(value)} for key, value in facts.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case Mapping():
            return {"kvlistValue": {"values": [{"key": str(key), "value": _value(part)} for key, part in value.items()]}}
    return {"arrayValue": {"values": [_value(part) for part in value]}}


def _output(run: _Run, reply: Replied) -> dict[str, Any]:
    thought = [{"type": "reasoning", "content": reply.reasoning}] if reply.reasoning else []
    said = message_parts(run.chats.answer(reply))
    return {**said, "parts": [*thought, *said["parts"]]}


def message_parts(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of a chat as OpenTelemetry has it: its role, and its parts."""
    content = message["content"]
    if message["role"] == "tool":
        return {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": message["tool_call_id"], "response": content}],
        }
    said = [{"type": "text", "text": content}] if isinstance(content, str) else content
    parts = [_part(part) for part in said if part.get("text") != "" or "tool_calls" not in message]
    calls = message.get("tool_calls", ())
    return {"role": message["role"], "parts": [*parts, *map(_call, calls)]}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = orjson.loads(function["arguments"])
    return {"type": "tool_call", "id": call["id"], "name": function["name"], "arguments": arguments}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a message by OpenTelemetry's names; the bytes of a picture are a blob."""
    if part["type"] == "text":
        return {"type": "text", "content": part["text"]}
    media_type, _, data = part["image_url"]["url"].removeprefix("data:").partition(";base64,")
    return {"type": "blob", "modality": "image", "mime_type": media_type, "content": data}
