"""Finished runs as OpenTelemetry spans: read by its own protocol buffers, received over OTLP/HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim import Arena, Instance, Outcome, Parser, Table
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import UsageError
from clemsim.interop.destinations import destination
from clemsim.interop.export import FORMATS
from clemsim.interop.otel_sending import send_otel
from clemsim.store.folder import STORE
from tests.interop.test_training import WAREHOUSE

IDENTIFIERS = ("traceId", "spanId", "parentSpanId")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> clemsim.Run:
    """A run of a simulated server; one game calls tools."""
    folder = tmp_path_factory.mktemp("served") / "run"

    async def play() -> clemsim.Run:
        async with SimulatedServer(Spec(model="fake", first_token=0.0, interval=0.0)).serving() as server:
            return await clemsim.run(arenas=["taboo", WAREHOUSE], agents=f"fake@{server.url}/v1", instances=2, out=folder)

    return asyncio.run(play())


@pytest.fixture(scope="module")
def exported(served: clemsim.Run, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The lines of its export."""
    out = tmp_path_factory.mktemp("otel") / "out.jsonl"
    assert FORMATS["otel"].export(served.folder, out, trust=True) == served.summary.episodes
    return [orjson.loads(line) for line in out.read_bytes().splitlines()]


def spans_of(line: dict[str, Any]) -> list[dict[str, Any]]:
    spans: list[dict[str, Any]] = line["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return spans


def facts(span: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def operations(line: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for span in spans_of(line):
        found.setdefault(facts(span)["gen_ai.operation.name"], []).append(span)
    return found


def tokens(spans: list[dict[str, Any]], name: str) -> int:
    return sum(int(facts(span)[f"gen_ai.usage.{name}"]) for span in spans)


def test_an_episode_is_a_tree_of_game_seats_and_requests(served: clemsim.Run, exported: list[dict[str, Any]]) -> None:
    for line in exported:
        of = operations(line)
        (root,) = of["invoke_workflow"]
        seats = {span["spanId"]: facts(span)["gen_ai.conversation.id"] for span in of["invoke_agent"]}
        assert "parentSpanId" not in root and {span["parentSpanId"] for span in of["invoke_agent"]} == {root["spanId"]}
        for span in of["chat"]:
            assert seats[span["parentSpanId"]] == facts(span)["gen_ai.conversation.id"]
            assert span["name"] == f"chat {facts(span)['gen_ai.request.model']}" and span["kind"] == 3
        assert len({span["spanId"] for span in spans_of(line)}) == len(spans_of(line))
        assert len({span["traceId"] for span in spans_of(line)}) == 1
        for name in ("input_tokens", "output_tokens", "cache_read.input_tokens"):
            assert tokens(of["invoke_agent"], name) == tokens(of["chat"], name)
    columns = served.columns("turns")
    for name, column in (("input_tokens", "tokens_in"), ("cache_read.input_tokens", "tokens_cached")):
        told = sum(tokens(operations(line)["chat"], name) for line in exported)
        assert told == sum(value or 0 for value in columns[column]) > 0


def test_what_came_of_an_episode_are_events(served: clemsim.Run, exported: list[dict[str, Any]]) -> None:
    for number, line in enumerate(exported, 1):
        outcome = served.transcript(number).outcome
        assert outcome is not None
        events = [{each["key"]: each["value"] for each in event["attributes"]} for event in spans_of(line)[0]["events"]]
        assert {event["name"] for event in spans_of(line)[0]["events"]} == {"gen_ai.evaluation.result"}
        assert events[0]["gen_ai.evaluation.score.label"] == {"stringValue": outcome.kind}
        assert {"stringValue": "Aborted"} in [event["gen_ai.evaluation.name"] for event in events]


class Split(Arena[Instance]):
    """Two seats say something; one gets what the other loses."""

    name, version = "split", 1
    seats = ("left", "right")

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask both."""
        for seat in self.seats:
            await table.ask(seat, "Say something.", parse=Parser(str))
        return Outcome.scores({"left": 1.0, "right": -1.0})

    def instances(self) -> list[Instance]:
        """Two."""
        return [Instance(id=number) for number in range(2)]


HERE = Path(__file__).resolve()


async def test_scores_by_seat_are_events_of_the_seat_and_a_lost_episode_is_an_error(tmp_path: Path) -> None:
    async with SimulatedServer(Spec(model="fake", first_token=0.0, interval=0.0)).serving() as server:
        agent = f"fake@{server.url}/v1"
        await clemsim.run(arenas=f"{HERE}:Split", agents=agent, out=tmp_path / "run")
    with closing(sqlite3.connect(tmp_path / "run" / STORE)) as base, base:
        base.execute("UPDATE episodes SET status = 'unfinished', outcome = NULL, cause = 'unavailable' WHERE id = 2")
    FORMATS["otel"].export(tmp_path / "run", tmp_path / "out.jsonl", trust=True)
    whole, lost = (orjson.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines())
    told = {
        facts(span)["clemsim.seat"]: {each["key"]: each["value"] for each in span["events"][0]["attributes"]}
        for span in operations(whole)["invoke_agent"]
    }
    assert {seat: each["gen_ai.evaluation.score.value"] for seat, each in told.items()} == {
        "left": {"doubleValue": 1.0},
        "right": {"doubleValue": -1.0},
    }
    root = spans_of(lost)[0]
    assert root["status"]["code"] == 2 and facts(root)["error.type"] == "unavailable" and "events" not in root


def test_messages_have_the_parts_of_the_conventions(exported: list[dict[str, Any]]) -> None:
    kinds = set()
    for span in (span for line in exported for span in operations(line)["chat"]):
        for side in ("input", "output"):
            for message in facts(span)[f"gen_ai.{side}.messages"]["values"]:
                fields = {each["key"]: each["value"] for each in message["kvlistValue"]["values"]}
                assert fields["role"]["stringValue"] in ("system", "user", "assistant", "tool")
                for part in fields["parts"]["arrayValue"]["values"]:
                    own = {each["key"] for each in part["kvlistValue"]["values"]}
                    kinds.add(frozenset(own))
    assert kinds == {
        frozenset({"type", "content"}),
        frozenset({"type", "id", "name", "arguments"}),
        frozenset({"type", "id", "response"}),
    }


def test_names_are_those_of_the_conventions(exported: list[dict[str, Any]]) -> None:
    known: Any = pytest.importorskip(
        "opentelemetry.semconv._incubating.attributes.gen_ai_attributes",
        reason="opentelemetry-semantic-conventions is not installed",
    )
    named = {value for name, value in vars(known).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
    used = {name for line in exported for span in spans_of(line) for name in facts(span) if name.startswith("gen_ai.")}
    used |= {
        each["key"]
        for line in exported
        for span in spans_of(line)
        for event in span.get("events", ())
        for each in event["attributes"]
    }
    assert used - named == set()


def request_of(line: dict[str, Any]) -> Any:
    """Return a line as OpenTelemetry's own message, whose JSON has bytes in base64 where OTLP's has hexadecimal digits."""
    json_format: Any = pytest.importorskip("google.protobuf.json_format", reason="protobuf is not installed")
    service: Any = pytest.importorskip(
        "opentelemetry.proto.collector.trace.v1.trace_service_pb2", reason="opentelemetry-proto is not installed"
    )
    line = orjson.loads(orjson.dumps(line))
    for span in (span for resource in line["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]):
        span |= {name: b64encode(bytes.fromhex(span[name])).decode() for name in IDENTIFIERS if name in span}
    return json_format.Parse(orjson.dumps(line), service.ExportTraceServiceRequest())


def test_its_own_protocol_takes_every_line(exported: list[dict[str, Any]]) -> None:
    for line in exported:
        read = request_of(line).resource_spans[0].scope_spans[0].spans
        assert len(read) == len(spans_of(line))
        assert all((len(span.trace_id), len(span.span_id)) == (16, 8) for span in read)
        assert read[0].end_time_unix_nano >= max(span.end_time_unix_nano for span in read[1:])
        assert [event.name for event in read[0].events] == [event["name"] for event in spans_of(line)[0]["events"]]


@contextmanager
def collector(status: int = 200, answer: bytes = b"{}") -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    """Receive what is posted, and answer always the same."""
    received: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((self.path, dict(self.headers), orjson.loads(body)))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://user:secret@127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_collector_gets_the_same_spans(
    served: clemsim.Run, exported: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc%20d,other=1")
    monkeypatch.setattr("clemsim.interop.otel_sending.MOST", 2000)
    send = destination("otel", "set", also_file=True)
    assert send is not None
    with collector() as (url, received):
        told = send(served.folder, url, trust=True)
    assert "secret" not in told and told.startswith(f"{len(exported)} episodes sent to http://127.0.0.1:")
    assert {path for path, *_ in received} == {"/v1/traces"} and {headers["x-key"] for _, headers, _ in received} == {
        "abc d"
    }
    resources = [resource for *_, body in received for resource in body["resourceSpans"]]
    assert resources == [resource for line in exported for resource in line["resourceSpans"]] and len(received) > 1


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (403, b"no such key abc", r"/v1/traces refused the spans: HTTP 403: no such key \*\*\*$"),
        (200, b'{"partialSuccess": {"rejectedSpans": "3"}}', "took all but 3 spans"),
    ],
)
def test_a_collector_that_refuses_is_one_line(
    served: clemsim.Run, status: int, answer: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc")
    with collector(status, answer) as (url, _), pytest.raises(UsageError, match=told) as raised:
        send_otel(served.folder, url, trust=True)
    assert "secret" not in str(raised.value)


def test_where_nobody_listens_and_where_it_cannot_be_sent_one_line_says_so(served: clemsim.Run) -> None:
    with pytest.raises(UsageError, match=r"http://127.0.0.1:9/v1/traces cannot be reached"):
        send_otel(served.folder, "http://a:b@127.0.0.1:9", trust=True)
    with pytest.raises(UsageError, match="--to host: give the address of a collector"):
        send_otel(served.folder, "host", trust=True)
    with pytest.raises(UsageError, match="--to goes with --format otel"):
        destination("jsonl", "x", also_file=True)
    assert destination("otel", None, also_file=True) is None


async def test_a_run_without_requests_has_no_spans(tmp_path: Path) -> None:
    await clemsim.run(arenas=["taboo"], agents="baseline", instances=1, out=tmp_path / "run")
    with pytest.raises(UsageError, match="no requests to a server"):
        FORMATS["otel"].export(tmp_path / "run", tmp_path / "out.jsonl", trust=True)
