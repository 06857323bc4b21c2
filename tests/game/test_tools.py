"""Tools: calls and their results are events of their own, and what is replayed is what was played."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from clemsim import (
    Arena,
    ArenaError,
    Instance,
    Invalid,
    Message,
    Outcome,
    Question,
    Table,
    Tool,
    ToolCall,
    Tools,
    calling,
    tagged,
)
from clemsim.errors import ParserError, StoreError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Called, Continued, Parsed, Rejected, Replied, Returned, decode, encode, type_name
from clemsim.game.json_formats import integers
from clemsim.game.messages import TOOL
from clemsim.game.tool_calls import MOST_CALLS, read_written
from clemsim.game.tools import Offer, tool
from clemsim.testing import check_arena, drive, render

Play = Callable[[Table], Any]
ANSWER = tagged("ANSWER:")


class Scripted(Arena[Instance]):
    """A game that is written in the test."""

    name, version = "scripted", 1
    seats = ("clerk", "other")
    script: Play

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Play what the test says."""
        table.note("move", await type(self).script(table))
        return Outcome.success()


class Drop(BaseModel):
    """Drop a disc."""

    column: int = Field(ge=1, le=7)


class PassOn(BaseModel):
    """Let the other play."""


def game(play: Play) -> Scripted:
    made: Scripted = type("Scripted", (Scripted,), {"script": staticmethod(play)})()
    return made


def stock(item: str, warehouse: Literal["north", "south"] = "north") -> int:
    """How many of an item are in a warehouse."""
    if item == "ghost":
        raise Invalid("there are no ghosts")
    return {"north": 7, "south": 40}[warehouse]


async def asking(table: Table) -> str:
    return await table.ask("clerk", "How many bolts?", parse=ANSWER, tools=[stock])


def driven(play: Play, replies: Sequence[str | tuple[ToolCall, ...]]) -> EpisodeDriver:
    driver = game(play).drive(Instance())
    for reply in replies:
        ask = driver.pending[0]
        driver.view(ask)
        calls = reply if isinstance(reply, tuple) else ()
        driver.answer(ask.turn, Message(ask.seat, reply if isinstance(reply, str) else "", calls=calls))
    return driver


def last_view(play: Play, replies: Sequence[str | tuple[ToolCall, ...]]) -> list[tuple[str, str]]:
    driver = driven(play, replies)
    return [(message.author, message.content) for message in driver.view(driver.pending[0])]


BOLTS = ToolCall.of("stock", item="bolt", warehouse="south")


@pytest.mark.parametrize("reply", [(BOLTS,), BOLTS.written], ids=["called", "written"])
def test_the_game_runs_a_tool_and_the_seat_goes_on(reply: Any) -> None:
    driver = driven(asking, [reply, "ANSWER: 40"])
    kinds = [type(event).__name__ for event in driver.events]
    first = "Replied" if isinstance(reply, str) else "Called"
    assert kinds == ["Asked", first, "Returned", "Continued", "Replied", "Parsed", "Noted", "Ended"]
    (result,) = driver.transcript.calls("clerk")
    assert (result.tool, result.arguments, result.content) == ("stock", {"item": "bolt", "warehouse": "south"}, "40")
    assert [turn.returned for turn in driver.transcript.turns] == [(result,), ()]
    assert driver.transcript.moves("clerk") == ["40"]


@pytest.mark.parametrize("reply", [(BOLTS, ToolCall.of("stock", item="nut")), BOLTS.written])
@pytest.mark.parametrize("keep", [True, False])
def test_what_is_recorded_is_replayed_from_every_place(reply: Any, keep: bool) -> None:
    async def play(table: Table) -> str:
        await table.ask("clerk", "One?", parse=ANSWER, tools=[stock], keep=keep)
        return await table.ask("clerk", "Two?", parse=ANSWER)

    events = driven(play, [reply, "ANSWER: 1", "ANSWER: 2"]).events
    stored = [decode(type_name(event), encode(event)) for event in events]
    assert stored == events
    for size in range(len(events)):
        again = game(play).drive(Instance())
        again.replay(stored[:size])
        assert again.events[:size] == events[:size]


def test_stored_replies_and_asks_of_tools_are_replies_and_asks() -> None:
    events = driven(asking, [(BOLTS,), "ANSWER: 40"]).events
    assert {type_name(event) for event in events} == {"asked", "replied", "returned", "parsed", "noted", "ended"}
    assert encode(Replied(1, "a", "b")) == '{"turn":1,"seat":"a","content":"b","reasoning":"","stop":"stop"}'
    with pytest.raises(StoreError, match="calls are a list"):
        decode("replied", '{"turn":1,"seat":"a","content":"b","calls":3}')
    with pytest.raises(StoreError):
        decode("asked", '{"turn":1,"seat":"a","content":"b","calls":[]}')


def test_a_seat_sees_its_calls_and_their_results() -> None:
    calls = (BOLTS, ToolCall.of("stock", item="nut"))
    assert last_view(asking, [calls]) == [("moderator", "How many bolts?"), ("clerk", ""), (TOOL, "40"), (TOOL, "7")]
    driver = driven(asking, [calls])
    called = driver.view(driver.pending[0])[1].calls
    assert [(call.tool, call.id) for call in called] == [("stock", "call00010"), ("stock", "call00011")]
    assert [message.calls[0].id for message in list(driver.view(driver.pending[0]))[2:]] == ["call00010", "call00011"]


def test_a_seat_sees_the_calls_of_an_aside_until_it_has_replied() -> None:
    async def play(table: Table) -> str:
        await table.ask("clerk", "Before?", parse=ANSWER)
        await table.ask("clerk", "Aside?", parse=ANSWER, tools=[stock], keep=False)
        return await table.ask("clerk", "After?", parse=ANSWER)

    inside = [("moderator", "Before?"), ("clerk", "ANSWER: 1"), ("moderator", "Aside?"), ("clerk", ""), (TOOL, "40")]
    assert last_view(play, ["ANSWER: 1", (BOLTS,)]) == inside
    twice = last_view(play, ["ANSWER: 1", (BOLTS,), (BOLTS,)])
    assert twice == [*inside, ("clerk", ""), (TOOL, "40")]
    assert last_view(play, ["ANSWER: 1", (BOLTS,), "ANSWER: 2"]) == [*inside[:2], ("moderator", "After?")]


BAD = [
    (ToolCall("count"), "there is no tool 'count', only stock"),
    (ToolCall("stock", "[1]"), "the arguments of stock are no JSON object"),
    (ToolCall("stock", '{"item": "bo'), "the arguments of stock are no JSON object"),
    (ToolCall.of("stock"), "stock: item: Field required"),
    (ToolCall.of("stock", item="x", warehouse="west"), "stock: warehouse: Input should be 'north' or 'south'"),
    (ToolCall.of("stock", item="x", more=1), "stock: more: Extra inputs are not permitted"),
    (ToolCall.of("stock", item="ghost"), "there are no ghosts"),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_a_bad_call_gets_what_is_wrong_with_it_as_its_result(call: ToolCall, told: str) -> None:
    driver = driven(asking, [(call,), "ANSWER: 1"])
    (result,) = driver.transcript.calls()
    assert result.failed and result.content == told
    assert not [event for event in driver.events if isinstance(event, Rejected)]


def test_a_bad_call_is_a_violation_where_the_game_wants_it_so() -> None:
    async def play(table: Table) -> str:
        tools = Tools.of(stock, bad="violation")
        return await table.ask("clerk", "?", parse=ANSWER, tools=tools, reask=lambda problem, tries: f"{tries}: {problem}")

    calls = (ToolCall("count"), BOLTS)
    driver = driven(play, [calls, "ANSWER: 1"])
    assert [(result.content, result.failed) for result in driver.transcript.calls()] == [
        ("there is no tool 'count', only stock", True),
        ("This call was not run.", True),
    ]
    assert driver.transcript.turns[0].rejected == Rejected(1, "there is no tool 'count', only stock")
    assert driver.transcript.turns[1].asked == Continued(2, "clerk", "1: there is no tool 'count', only stock", after=1)


def test_a_seat_that_has_used_up_its_calls_must_reply() -> None:
    async def play(table: Table) -> str:
        return await table.ask("clerk", "?", parse=ANSWER, tools=Tools.of(stock, most=2))

    driver = driven(play, [(BOLTS, BOLTS, BOLTS)])
    assert [(result.content, result.failed) for result in driver.transcript.calls()][1:] == [
        ("40", False),
        ("no calls of tools are left", True),
    ]
    driver.answer(2, Message("clerk", BOLTS.written))
    assert driver.outcome and (driver.outcome.kind, driver.outcome.reason) == ("aborted", "no calls of tools are left")
    driver = driven(play, [(BOLTS,)])
    assert driver.view(driver.pending[0]).offer == Offer((tool_of(driver),), "auto")
    driver = driven(play, [(BOLTS,), (BOLTS,)])
    view = driver.view(driver.pending[0])
    assert view.offer and view.offer.choice == "none" and view.ask.content == "You may call no more tools. Reply now."
    driver.answer(3, Message("clerk", "ANSWER: 4"))
    assert driver.outcome and driver.outcome.kind == "success"


def test_a_seat_must_call_before_it_replies_where_the_game_wants_it() -> None:
    async def play(table: Table) -> str:
        tools = Tools.of(stock, least=2)
        return await table.ask("clerk", "?", parse=ANSWER, tools=tools, reask=lambda problem, tries: "Call first.")

    driver = driven(play, ["ANSWER: 1", (BOLTS,), "ANSWER: 1", (ToolCall("count"),), "ANSWER: 2"])
    rejected = [turn.rejected.reason if turn.rejected else "" for turn in driver.transcript.turns]
    assert rejected == ["the reply is no call of a tool", "", "the reply is no call of a tool", "", ""]
    offers = [driven(play, replies).pending[0].offer for replies in ([], [(BOLTS,), (BOLTS,)])]
    assert [offer.choice for offer in offers if offer] == ["required", "auto"]


def tool_of(driver: EpisodeDriver) -> Tool:
    offer = driver.pending[0].offer
    assert offer
    return offer.tools[0]


def test_what_was_offered_earlier_is_told_to_servers_and_may_not_be_called() -> None:
    async def play(table: Table) -> str:
        await table.ask("clerk", "One?", parse=ANSWER, tools=[stock])
        return await table.ask("clerk", "Two?", parse=ANSWER)

    driver = driven(play, [(BOLTS,), "ANSWER: 1"])
    view = driver.view(driver.pending[0])
    assert view.offer and (view.offer.choice, view.offer.tools[0].name) == ("past", "stock")
    driver.answer(3, Message("clerk", "ANSWER: 2", calls=(BOLTS,)))
    assert type(driver.transcript.turns[-1].replied) is Replied


def test_a_call_may_be_the_move() -> None:
    async def play(table: Table) -> Any:
        move = await table.ask(
            "clerk", "?", parse=calling(Drop, PassOn), tools=[stock], reask=lambda problem, tries: "again"
        )
        return move.model_dump()

    driver = driven(play, [(BOLTS,), (ToolCall.of("drop", column=3), BOLTS)])
    assert list(driver.transcript.notes("move")) == [{"column": 3}]
    assert driver.transcript.moves("clerk") == [{"tool": "drop", "arguments": {"column": 3}}]
    assert [result.content for result in driver.transcript.calls()] == ["40", "Ok.", "This call was not run."]
    written = driven(play, ['{"tool": "pass_on", "arguments": {}}'])
    assert written.transcript.moves("clerk") == [{"tool": "pass_on", "arguments": {}}] and not written.transcript.calls()
    refused = driven(play, ["I pass", (ToolCall.of("drop", column=9),), (ToolCall("drop", '{"column": 2}'),)])
    reasons = [turn.rejected.reason if turn.rejected else "" for turn in refused.transcript.turns]
    assert reasons == ["the reply is no call of a tool", "drop: column: Input should be less than or equal to 7", ""]
    offer = game(play).drive(Instance()).pending[0].offer
    assert offer and offer.choice == "required"


def test_a_step_after_a_call_may_refuse_it() -> None:
    def low(move: Drop | str) -> int:
        if isinstance(move, str):
            return 0
        if move.column > 3:
            raise Invalid("that column is full", violation=False)
        return move.column

    async def play(table: Table) -> Any:
        return await table.try_ask("clerk", "?", parse=calling(Drop, text=ANSWER).then(low))

    assert list(driven(play, [(ToolCall.of("drop", column=2),)]).transcript.notes("move")) == [2]
    full = driven(play, [(ToolCall.of("drop", column=5),)]).transcript
    assert list(full.notes("move")) == [None] and full.turns[0].rejected == Rejected(1, "that column is full", False)
    assert list(driven(play, ["ANSWER: x"]).transcript.notes("move")) == [0]


def test_several_seats_call_tools_at_once() -> None:
    async def play(table: Table) -> Any:
        questions = [Question(seat, "?", ANSWER, tools=[stock], keep=seat == "other") for seat in ("clerk", "other")]
        return await table.ask_all(questions)

    driver = game(play).drive(Instance())
    driver.answer(2, Message("other", "ANSWER: 2"))
    driver.answer(1, Message("clerk", "", calls=(BOLTS,)))
    (ask,) = driver.pending
    assert [message.content for message in driver.view(ask)] == ["?", "", "40"]
    driver.answer(ask.turn, Message("clerk", "ANSWER: 1"))
    assert list(driver.transcript.notes("move")) == [["1", "2"]]


def test_calls_and_their_results_are_forgotten_with_their_exchange() -> None:
    async def play(table: Table) -> str:
        for number in range(3):
            await table.ask("clerk", f"{number}?", parse=ANSWER, tools=[stock])
        table.forget("clerk", keep=1)
        return await table.ask("clerk", "Last?")

    seen = last_view(play, [(BOLTS,), "ANSWER: 0", "ANSWER: 1", (BOLTS,), "ANSWER: 2"])
    assert seen == [("moderator", "2?"), ("clerk", ""), (TOOL, "40"), ("clerk", "ANSWER: 2"), ("moderator", "Last?")]


def test_a_tool_that_fails_ends_its_episode_as_a_parser_does() -> None:
    def broken(item: str) -> str:
        """Fails."""
        raise KeyError(item)

    async def play(table: Table) -> Any:
        return await table.ask("clerk", "?", parse=ANSWER, tools=[broken])

    with pytest.raises(ParserError, match=r"the tool broken in turn 1 \(clerk\) raised KeyError: 'x'"):
        driven(play, [(ToolCall.of("broken", item="x"),)])


def test_mistakes_with_tools_say_what_to_do() -> None:
    async def late(item: str) -> str:
        return item

    def untyped(item) -> str:  # type: ignore[no-untyped-def]
        return str(item)

    with pytest.raises(ArenaError, match="write def, not async def"):
        tool(late)
    with pytest.raises(ArenaError, match="its parameter 'item' needs a type, such as item: str"):
        tool(untyped)
    with pytest.raises(ArenaError, match=r"parse=calling\(Drop\)"):
        tool(Drop)
    with pytest.raises(ArenaError, match="two tools have the same name: stock, stock"):
        Tools.of(stock, stock)
    with pytest.raises(ArenaError, match="no tool was given"):
        Tools.of()
    with pytest.raises(ArenaError, match="A-Z a-z 0-9"):
        Tool("no name", "", Drop)
    with pytest.raises(ArenaError, match="has no function"):
        Tools.of(Tool("drop", "", Drop))


def test_the_schema_of_a_function_is_its_parameters() -> None:
    def search(title: Annotated[str, Field(description="a title", max_length=5)], most: int = 3) -> list[str]:
        """Search books."""
        return [title] * most

    made = tool(search)
    assert (made.name, made.description) == ("search", "Search books.")
    assert made.schema == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "a title", "maxLength": 5},
            "most": {"type": "integer", "default": 3},
        },
        "required": ["title"],
        "additionalProperties": False,
    }
    assert made.result(made.read(ToolCall.of("search", title="x"))) == '["x", "x", "x"]'


def test_a_function_that_is_defined_in_each_episode_makes_its_parameters_once() -> None:
    def make() -> Tool:
        def inner(item: str) -> str:
            """Inner."""
            return item

        return tool(inner)

    assert make().parameters is make().parameters


class Wide(BaseModel):
    """All that a schema may hold."""

    text: str = Field(min_length=1, max_length=8)
    kind: Literal["a", "b", 3]
    count: int = Field(ge=-4, lt=1300)
    share: float = Field(ge=0, le=1)
    any_number: float
    flag: bool = True
    maybe: int | None = None
    many: list[Drop] = Field(default_factory=list, max_length=3)
    pair: tuple[int, str] = (1, "x")


def test_what_is_drawn_from_the_format_of_a_tool_is_taken_by_it() -> None:
    wide = Tool("wide", "", Wide, str)
    for seed in range(200):
        sample = wide.format.sample(Random(seed))
        assert wide.format.accepts(sample)
        (call,) = read_written(sample)
        wide.read(call)


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 9), (5, 5000), (-20, 35), (998, 1002), (-5, -1), (-100, -100)])
def test_the_format_of_whole_numbers_holds_just_those_of_its_range(least: int, most: int) -> None:
    held = integers(least, most)
    assert [number for number in range(-150, 6000) if held.accepts(str(number))] == [*range(least, most + 1)]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("ANSWER: 3", []),
        ('{"answer": 3}', []),
        ('The form is {"tool": "x"}', []),
        ('{"tool": "a", "arguments": {"x": 1}}', [("a", '{"x": 1}')]),
        ('Let me see.\n```json\n{"tool": "a", "arguments": {"x": "{"}}\n```\nResult: 3', [("a", '{"x": "{"}')]),
        ('{"tool":"a"}\n {"tool": "b", "arguments": "{\\"x\\": 2}"}', [("a", "{}"), ("b", '{"x": 2}')]),
        ('{"tool": "a", "arguments": {"x": "cut', [("a", '{"tool": "a", "arguments": {"x": "cut')]),
        ('{"tool": 3}', [("", "{}")]),
        ('{"name": "Ann"}\n{"name": "Ann", "age": 3}', []),
        ('{"name": "a", "arguments": {"x": 1}}\n{"name": "b", "parameters": {}}', [("a", '{"x": 1}'), ("b", "{}")]),
        ('<tool_call>\n{"name": "a", "arguments": {}}\n</tool_call>\n<tool_call>{"tool": "b"}', [("a", "{}"), ("b", "{}")]),
        ("[" * 50_000, []),
    ],
)
def test_calls_are_read_out_of_what_a_model_writes(text: str, calls: list[tuple[str, str]]) -> None:
    assert [(call.tool, call.arguments) for call in read_written(text)] == calls


def test_arguments_that_are_nested_without_end_are_no_object() -> None:
    (call,) = read_written('{"tool": "stock", "arguments": ' + "[" * 50_000)
    driver = driven(asking, [(call,)])
    assert driver.transcript.calls()[0].failed
    with pytest.raises(ValueError, match="nested too deeply"):
        _ = ToolCall("a", '{"x":' * 100_000).values


def test_no_more_calls_are_taken_than_can_be_told_apart() -> None:
    driver = driven(asking, [(BOLTS,) * 100])
    reply = driver.transcript.turns[0].replied
    assert isinstance(reply, Called) and len(reply.calls) == MOST_CALLS == len({call.id for call in reply.calls})


def test_what_a_tool_returns_is_stored_as_it_can_be() -> None:
    def odd(item: str) -> str:
        """Odd."""
        return "\ud800"

    async def play(table: Table) -> Any:
        return await table.ask("clerk", "?", parse=ANSWER, tools=[odd])

    driver = driven(play, [(ToolCall("odd", '{"item": "\ud800"}'),), "ANSWER: 1"])
    for event in driver.events:
        assert decode(type_name(event), encode(event)) == event
    assert json.loads(encode(driver.transcript.calls()[0]))["content"] == "\ufffd"
    assert [event.move for event in driver.events if isinstance(event, Parsed)] == ["1"]
    assert [type(event) for event in driver.events if isinstance(event, Returned)] == [Returned]


GOLDEN = """\
[1] -> clerk: How many bolts?
[1] clerk calls stock {"item": "bolt", "warehouse": "south"}
[1] clerk calls count {}
[1] stock returns: 40
[1] count fails: there is no tool 'count', only stock
[2] -> clerk goes on
[2] clerk: {"tool": "stock", "arguments": {"item": "nut"}}
[2] stock returns: 7
[3] -> clerk goes on
[3] clerk: ANSWER: 40
[3] move '40'
note move: '40'
success quality=100.0 blame=None
"""


def test_a_game_is_driven_with_calls_and_reads_so() -> None:
    replies: list[Any] = [[BOLTS, ToolCall("count")], ToolCall.of("stock", item="nut").written, "ANSWER: 40"]
    assert render(drive(game(asking), Instance(), replies)) == GOLDEN
    by_seat = drive(game(asking), Instance(), {"clerk": [BOLTS, "ANSWER: 40"]})
    assert [type(turn.replied) for turn in by_seat.turns] == [Called, Replied]
    with pytest.raises(ArenaError, match="no reply is left for turn 2, clerk"):
        drive(game(asking), Instance(), [BOLTS])


async def moving(table: Table) -> Any:
    table.system("clerk", "Play.")
    parse: Any = calling(Drop, PassOn)
    moves = await table.ask_all(
        [Question(seat, "?", parse, lambda problem, tries: problem.reason, keep=False) for seat in ("clerk", "other")]
    )
    first = await table.ask(
        "clerk", "And now?", parse=parse, tools=[stock], reask=lambda problem, tries: "no" if tries < 3 else None
    )
    return [type(each).__name__ for each in (*moves, first)]


def test_games_with_tools_keep_to_what_every_arena_must() -> None:
    for play in (asking, moving):
        assert check_arena(game(play), [Instance()], examples=40) > 40
