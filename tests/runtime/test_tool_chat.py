"""A conversation with calls as it is sent: always as it was sent before, in the form of the server or written as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

import clemsim
from clemsim import Arena, Instance, Invalid, Outcome, Table, Text, ToolCall, Tools, tagged
from clemsim.engines.base import ChatMessage, Completion, Engine, Request, Sampling
from clemsim.engines.dialects import DIALECTS
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.game.content import images_of
from clemsim.game.events import Called
from clemsim.game.messages import Usage
from clemsim.interop.export import FORMATS
from clemsim.runs.recorded_requests import recorded_requests
from clemsim.runs.replay import replay
from clemsim.runtime.model_agent import ModelAgent
from tests.pictures import shade

WAREHOUSE = f"{Path(__file__).parents[2] / 'examples' / 'cookbook' / 'warehouse.py'}:Warehouse"


class Desk(Arena[Instance]):
    """Two questions with tools, an aside, and one without."""

    name, version = "desk", 1
    seats = ("clerk",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask, ask aside, ask again, ask without tools."""

        def stock(item: str, place: Literal["north", "south"] = "north") -> int:
            """How many there are."""
            if item == "ghost":
                raise Invalid("no ghosts")
            return 40

        table.system("clerk", "You are a clerk.")
        table.tell("clerk", "Good morning.")
        parse = tagged("ANSWER:")
        for number, keep in enumerate([True, False, True]):
            await table.ask("clerk", f"Question {number}?", parse=parse, tools=Tools.of(stock, most=3), keep=keep)
        await table.ask("clerk", "Goodbye?", parse=parse)
        return Outcome.success()


class Recording(Engine):
    """Says what it is told to, keeps every request, and checks that the beginning of a conversation is sent as before."""

    name, width, constrains = "recording", None, True

    def __init__(self, replies: Sequence[str | tuple[ToolCall, ...]], *, native: bool) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.native = native

    @property
    def calls_tools(self) -> bool:
        """As the test has it."""
        return self.native

    @property
    def takes_images(self) -> bool:
        """It does."""
        return True

    async def complete(self, request: Request) -> Completion:
        """The next reply."""
        self.requests.append(request)
        reply = self.replies[len(self.requests) - 1]
        calls = reply if isinstance(reply, tuple) else ()
        return Completion("" if calls else str(reply), "", "stop", Usage("m", 0, 0.0, 0.0, 1, 1), calls=calls)


async def played(replies: Sequence[str | tuple[ToolCall, ...]], *, native: bool, **options: bool) -> list[Request]:
    engine = Recording(replies, native=native)
    agent = ModelAgent(engine, Sampling(), constrain="constrain" in options)
    agent.written_calls = "written_calls" in options
    results = await Desk().run([Instance()], agent)
    assert results[0].outcome and results[0].outcome.kind == "success", results[0].outcome
    return engine.requests


def continues(before: Sequence[ChatMessage], after: Sequence[ChatMessage]) -> bool:
    """Whether all but the last message is sent as before, and the last one begins as it did."""
    *same, last = before
    return [*same] == [*after[: len(same)]] and str(after[len(same)]["content"]).startswith(str(last["content"]))


BOLTS, NUTS = ToolCall.of("stock", item="bolts"), ToolCall("stock", '{ "item":"nuts" }')
GAME: list[str | tuple[ToolCall, ...]] = [
    *((BOLTS, NUTS), (ToolCall("stock", "no"),), "ANSWER: 1"),
    *((BOLTS,), "ANSWER: 2"),
    *("<think>hm</think>" + BOLTS.written, "ANSWER: 3", "ANSWER: 4"),
]
KEPT = [0, 1, 2, 5, 6, 7]  # the requests of the questions that are remembered
WRITTEN = [reply if isinstance(reply, str) else "\n".join(call.written for call in reply) for reply in GAME]


async def test_calls_are_sent_back_in_the_form_of_the_server_exactly_as_they_came() -> None:
    requests = await played(GAME, native=True)
    second = requests[1].messages
    assert second[:2] == [
        {"role": "system", "content": "You are a clerk."},
        {"role": "user", "content": "Good morning.\n\nQuestion 0?"},
    ]
    calls = second[2]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == ['{"item": "bolts"}', '{ "item":"nuts" }']
    assert second[3:] == [
        {"role": "tool", "tool_call_id": calls[0]["id"], "content": "40"},
        {"role": "tool", "tool_call_id": calls[1]["id"], "content": "40"},
    ]
    assert requests[2].messages[5]["tool_calls"][0]["function"]["arguments"] == "{}"  # what is no object is refused
    written = requests[6].messages[-2:]
    assert written == [{"role": "assistant", "content": BOLTS.written}, {"role": "user", "content": "Result of stock: 40"}]
    offers = [request.offer for request in requests]
    assert [offer.choice for offer in offers if offer] == ["auto", "auto", "none", "auto", "auto", "auto", "auto", "past"]
    for before, after in pairwise(KEPT):
        assert continues(requests[before].messages, requests[after].messages)


@pytest.mark.parametrize("options", [{}, {"written_calls": True}, {"constrain": True}])
async def test_calls_are_written_where_the_server_knows_none(options: dict[str, bool]) -> None:
    requests = await played(WRITTEN, native=bool(options), **options)
    assert all(request.offer is None for request in requests)
    for before, after in pairwise(KEPT[:-1]):
        assert continues(requests[before].messages, requests[after].messages)
    assert requests[0].messages[0]["content"] == (
        "You are a clerk.\n\nYou can call tools. To call one, reply with nothing but one line of JSON, such as\n"
        '{"tool": "stock", "arguments": {"item": "...", "place": "north"}}\nThe next message is its result. Tools:\n'
        '- stock(item: string, place: "north" or "south", may be left out): How many there are.'
    )
    assert [message["content"] for message in requests[1].messages[2:]] == [
        '{"tool": "stock", "arguments": {"item": "bolts"}}\n{"tool": "stock", "arguments": {"item": "nuts"}}',
        "Result of stock: 40\n\nResult of stock: 40",
    ]
    assert requests[2].messages[-1]["content"].endswith("no JSON object\n\nYou may call no more tools. Reply now.")
    assert requests[7].messages[0]["content"] == "You are a clerk."  # nothing is offered any more
    forms = [request.format for request in requests]
    if not options.get("constrain"):
        assert forms == [None] * 8
        return
    assert all(form is not None for form in forms)
    accepted = [form.accepts(BOLTS_HELD) for form in forms if form]
    assert accepted == [True, True, False, True, True, True, True, False]


BOLTS_HELD = ToolCall.of("stock", item="bolts", place="north").written


async def test_a_run_with_tools_is_resumed_replayed_and_exported(tmp_path: Path) -> None:
    """Native calls of a simulated server; the run is broken off, and its replies are played again by another agent."""
    async with SimulatedServer(Spec(model="fake", first_token=0.0, interval=0.0)).serving() as server:
        agent = f"fake@{server.url}/v1"
        limits = clemsim.Limits(7)
        config: Any = {"arenas": WAREHOUSE, "agents": agent, "instances": 3, "seed": 4}
        run = await clemsim.run(**config, limits=limits, out=tmp_path / "run")
        assert run.summary.unfinished
        run = await clemsim.resume(run)
        whole = await clemsim.run(**config, out=tmp_path / "whole")
    assert not run.summary.unfinished
    events = [[run.transcript(number).events for number in (1, 2, 3)] for run in (run, whole)]
    assert events[0] == events[1]
    assert any(isinstance(event, Called) for event in events[0][0])
    assert not [episode.problem for episode in replay(run.folder, trust=True) if episode.problem]
    again = await clemsim.run(arenas=WAREHOUSE, agents=f"replay:{run.folder}", instances=3, out=tmp_path / "again")
    assert [again.transcript(number).events for number in (1, 2, 3)] == events[0]
    assert run.columns("calls")["tool"]
    for name in ("jsonl", "clembench", "trace", "guidellm", "otel", "mooncake-deltas"):
        assert FORMATS[name].export(run.folder, tmp_path / name, trust=True) > 0
    sent = [request.messages for request in recorded_requests(run.folder, trust=True)]
    assert any("tool_calls" in message for messages in sent for message in messages)


class Gallery(Arena[Instance]):
    """A picture and tools in one ask."""

    name, version = "gallery", 1
    seats = ("clerk",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask with a picture, once remembered and once aside."""

        def zoom(factor: int) -> str:
            """Look closer."""
            return "grey"

        for keep in (True, False):
            content = (Text("What do you see?"), shade(7))
            await table.ask("clerk", content, parse=tagged("ANSWER:"), tools=[zoom], keep=keep)
        return Outcome.success()


@pytest.mark.parametrize("native", [True, False])
async def test_a_seat_still_sees_a_picture_when_it_goes_on_after_its_calls(native: bool) -> None:
    zoom = ToolCall.of("zoom", factor=2)
    replies: list[str | tuple[ToolCall, ...]] = [(zoom,) if native else zoom.written, "ANSWER: grey"] * 2
    engine = Recording(replies, native=native)
    results = await Gallery().run([Instance()], ModelAgent(engine, Sampling()))
    assert results[0].outcome and results[0].outcome.kind == "success"
    for request in engine.requests:
        assert request.parts and all(images_of(parts) == (shade(7),) for parts in request.parts.values())
        bodies = [DIALECTS[name].body("m", request)["messages"] for name in ("vllm", "anthropic")]
        assert all("image" in str(messages[0]["content"]) for messages in bodies)
    after = DIALECTS["vllm"].body("m", engine.requests[1])["messages"]
    assert ("tool_calls" in after[1]) == native and after[-1]["role"] == ("tool" if native else "user")
    assert native or str(after[0]["content"][0]["text"]).startswith("You can call tools.")
    assert [len(request.parts or ()) for request in engine.requests] == [1, 1, 2, 2]


async def test_several_replies_to_one_ask_may_be_calls(tmp_path: Path) -> None:
    async with SimulatedServer(Spec(model="fake", first_token=0.0, interval=0.0)).serving() as server:
        agent = f"bestof:fake@{server.url}/v1?n=3&temperature=0.8"
        run = await clemsim.run(arenas=WAREHOUSE, agents=agent, instances=1, out=tmp_path / "run")
    (first, *_) = run.transcript(1).turns
    details = run.columns("details")
    texts = json.loads(details["value"][details["name"].index("candidates")])["texts"]
    assert isinstance(first.replied, Called) and first.replied.said in texts
    assert all(text.startswith('{"tool": ') for text in texts)
