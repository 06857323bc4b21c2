"""Pictures in asks with tools: each stands in the message that showed it, whichever way tools are called."""

from __future__ import annotations

import pytest

from clemsim import Arena, Image, Instance, Outcome, Table, Text, ToolCall, Tools, tagged
from clemsim.cli.view.transcript_page import transcript_page
from clemsim.engines.base import Sampling
from clemsim.engines.dialects import DIALECTS
from clemsim.game.events import AskedParts, ContinuedParts, decode, encode, shown_in, type_name, without_known
from clemsim.game.instances import EpisodeKey
from clemsim.results.dialogue.read import dialogue_of
from clemsim.runtime.model_agent import ModelAgent, chat
from clemsim.testing import check_arena, drive
from tests.pictures import shade
from tests.runtime.test_tool_chat import Recording

LOOK = ToolCall.of("look", place="north")
REPLIES: list[str | tuple[ToolCall, ...]] = [(LOOK,), "hm", "SAY: x", (LOOK,), "SAY: y", "SAY: z"]


class Gallery(Arena[Instance]):
    """Pictures before, with and after calls."""

    name, version = "gallery", 1
    seats = ("guest",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """An ask that is asked again with a picture, one aside, and one without tools."""

        def look(place: str) -> str:
            """What is in a place."""
            return f"The {place} is grey."

        table.system("guest", "You are a guest.")
        table.tell("guest", (shade(1), Text("The hall.")))
        say = tagged("SAY:")
        first = (Text("And here?"), shade(2))
        await table.ask("guest", first, parse=say, tools=[look], reask=lambda problem, tries: (shade(3), Text("Say!")))
        await table.ask("guest", (shade(4), Text("Aside?")), parse=say, tools=[look], keep=False)
        await table.ask("guest", "Bye?", parse=say)
        return Outcome.success()

    def instances(self) -> list[Instance]:
        """One."""
        return [Instance()]


class Sighted(Recording):
    """Takes pictures too."""

    takes_images = True


@pytest.mark.parametrize("native", [True, False])
async def test_pictures_stand_where_they_were_shown(native: bool) -> None:
    replies = REPLIES if native else [reply[0].written if isinstance(reply, tuple) else reply for reply in REPLIES]
    engine = Sighted(replies, native=native)
    (result,) = await Gallery().run([Instance()], ModelAgent(engine, Sampling()))
    assert result.outcome, result.detail
    shown = [
        [part for _, parts in sorted((request.parts or {}).items()) for part in parts if isinstance(part, Image)]
        for request in engine.requests
    ]
    kept = [shade(1), shade(2)]
    assert shown == [
        kept,
        kept,
        [*kept, shade(3)],
        [*kept, shade(3), shade(4)],
        [*kept, shade(3), shade(4)],
        [*kept, shade(3)],
    ]
    for request in engine.requests:
        for place, parts in (request.parts or {}).items():
            told = "\n".join(part.text if isinstance(part, Text) else part.line for part in parts)
            assert request.messages[place]["role"] == "user"
            assert told.split() == request.messages[place]["content"].split(), "the text of a message is that of its parts"


async def test_an_agents_system_text_moves_no_picture_where_calls_are_written() -> None:
    engine = Sighted(["SAY: x"] * 3, native=False)
    agent = ModelAgent(engine, Sampling())
    agent.system = "Be kind."
    await Gallery().run([Instance()], agent)
    request = engine.requests[0]
    assert [message["role"] for message in request.messages] == ["system", "user"] and list(request.parts or ()) == [1]


async def test_anthropic_gets_pictures_calls_and_results_as_blocks() -> None:
    engine = Sighted(REPLIES, native=True)
    await Gallery().run([Instance()], ModelAgent(engine, Sampling()))
    messages = DIALECTS["anthropic"].body("m", engine.requests[2])["messages"]
    kinds = [[block["type"] for block in message["content"]] for message in messages if isinstance(message["content"], list)]
    assert kinds == [["image", "text", "image"], ["tool_use"], ["tool_result"], ["image", "text"]]
    openai = DIALECTS["openai"].body("m", engine.requests[2])["messages"]
    assert [message["role"] for message in openai] == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert openai[2]["tool_calls"] and openai[3]["tool_call_id"]


def test_asks_that_go_on_with_a_picture_are_stored_and_replayed() -> None:
    bad = ToolCall.of("seek")
    transcript = drive(Gallery(), Instance(), [[LOOK, LOOK], "hm", "SAY: x", bad, "SAY: y", "SAY: z"])
    assert any(type(event) is AskedParts for event in transcript.events)
    stored = [decode(type_name(event), encode(event)) for event in transcript.events]
    assert stored == list(transcript.events)
    again = Gallery().drive(Instance())
    again.replay(stored)
    assert again.events == stored
    assert len(transcript.turns) == 6 and transcript.turns[0].asked.images == (shade(2),)


class Strict(Gallery):
    """A bad call is an invalid reply, after which a picture is shown."""

    name = "strict"

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """One ask."""

        def look(place: str) -> str:
            """What is in a place."""
            return place

        tools = Tools.of(look, bad="violation")
        await table.ask("guest", "Well?", parse=tagged("SAY:"), tools=tools, reask=lambda problem, tries: (shade(tries),))
        return Outcome.success()


def test_an_ask_goes_on_with_a_picture_after_a_bad_call() -> None:
    events = drive(Strict(), Instance(), [ToolCall.of("seek"), "SAY: x"]).events
    (one,) = [event for event in events if isinstance(event, ContinuedParts)]
    assert one.after == 1 and one.images == (shade(1),) and type_name(one) == "asked"
    dialogue = dialogue_of(EpisodeKey("g", "0", 0, "m"), events)
    assert transcript_page([(dialogue, ())], lambda image: image.raw).count("<img") == 1
    assert without_known(events, {shade(1).digest}) == list(events) and shown_in(events) == [shade(1)]
    stored = [decode(type_name(event), encode(event)) for event in events]
    again = Strict().drive(Instance())
    again.replay(stored)
    assert again.events == stored


def test_a_game_with_both_is_checked() -> None:
    assert check_arena(Gallery(), Gallery().instances(), examples=2) > 0
    ask = Gallery().drive(Instance())
    view = ask.view(ask.pending[0])
    assert [message["role"] for message in chat(view, native=True)] == ["system", "user"]
