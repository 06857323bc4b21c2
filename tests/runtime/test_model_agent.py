"""The language model's seat: conversation, thoughts, constraints, replay."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from clemsim_agents import remote, replay
from clemsim_arenas.taboo.game import Taboo, Word

from clemsim import Instance, Text
from clemsim.catalog.kinds import AgentOptions
from clemsim.engines.base import ChatMessage, Completion, Engine, Request, Sampling
from clemsim.errors import BadRequest, UsageError
from clemsim.game.events import encode
from clemsim.game.messages import Message, Usage
from clemsim.runs.run import play
from clemsim.runtime.model_agent import ModelAgent, chat, split_thought
from clemsim.store.config import RunConfig
from tests.games import Guessing, Number
from tests.pictures import Shades, shade


class Recording(Engine):
    """Says what it is told to and keeps every request."""

    name, width, constrains, takes_images = "recording", None, True, True

    def __init__(self, *replies: Completion) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        """The next reply."""
        self.requests.append(request)
        return self.replies[len(self.requests) - 1]


def said(text: str, reasoning: str = "") -> Completion:
    return Completion(text, reasoning, "stop", Usage("m", 0, 0.0, 0.0, 1, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CLUE: x", ("", "CLUE: x")),
        ("<think>hm</think>CLUE: x", ("hm", "CLUE: x")),
        ("\n<think>\na\n\nb\n</think>\n\nCLUE: x\n", ("a\n\nb", "CLUE: x")),
        ("hm, the template opened it</think> CLUE: x", ("hm, the template opened it", "CLUE: x")),
        ("<think>never ends", ("never ends", "")),
        ("<think></think>CLUE: x", ("", "CLUE: x")),
        ("CLUE: I <think> of you", ("", "CLUE: I <think> of you")),
    ],
)
def test_thoughts_are_no_part_of_the_move(text: str, expected: tuple[str, str]) -> None:
    assert split_thought(text) == expected


def test_thoughts_are_found_in_one_pass() -> None:
    begun = process_time()
    assert split_thought(" " * 2**20 + "think>") == ("", " " * 2**20 + "think>")
    assert process_time() - begun < 15, "trying each blank anew took hours"


@pytest.mark.parametrize(("max_tokens", "length", "kept"), [(10, 10**6, 640), (300, 19_200, 19_200), (10**6, 10**6, 2**17)])
async def test_a_reply_longer_than_its_tokens_can_be_is_cut(max_tokens: int, length: int, kept: int) -> None:
    engine = Recording(*[said("x" * length, "y" * (2**20 + 1))] * 2)
    (result,) = await Guessing().run([Number()], ModelAgent(engine, Sampling(max_tokens=max_tokens)))
    replied = result.transcript.turns[0].replied
    assert replied is not None and result.outcome is not None
    assert (len(replied.content), len(replied.reasoning)) == (kept, 2**20)
    assert replied.stop == ("stop" if kept == length else "length")
    assert ("cut at the token limit" in result.outcome.reason) == (kept < length)


async def test_what_no_store_can_hold_is_replaced() -> None:
    engine = Recording(*[said("GUESS: \ud800\x00é", "\udfff")] * 2)
    (result,) = await Guessing().run([Number()], ModelAgent(engine, Sampling()))
    replied = result.transcript.turns[0].replied
    assert replied is not None and (replied.content, replied.reasoning) == ("GUESS: \ufffd\x00é", "\ufffd")
    for event in result.transcript.events:
        encode(event)


async def test_thoughts_are_recorded_and_not_sent_back() -> None:
    engine = Recording(said("<think>secret plan</think>GUESS: 1"), said("GUESS: 5", "server's own field"))
    (result,) = await Guessing().run([Number()], ModelAgent(engine, Sampling()))
    assert [turn.replied.reasoning for turn in result.transcript.turns] == ["secret plan", "server's own field"]
    assert [turn.move for turn in result.transcript.turns] == [1, 5]
    assert "secret plan" not in str(engine.requests[1].messages)


async def test_the_conversation_is_user_and_assistant_in_turn() -> None:
    engine = Recording(said("GUESS: x"), said("GUESS: 1"), said("GUESS: 5"))
    await Guessing().run([Number()], ModelAgent(engine, Sampling()))
    roles = [message["role"] for message in engine.requests[-1].messages]
    assert roles == ["user", "assistant", "user", "assistant", "user"]
    assert engine.requests[-1].messages[1:] == [
        ChatMessage(role="assistant", content="GUESS: x"),
        ChatMessage(role="user", content="Once more: 'x' is no number"),
        ChatMessage(role="assistant", content="GUESS: 1"),
        ChatMessage(role="user", content="higher"),
    ]


async def test_what_is_told_joins_the_next_ask() -> None:
    game = Taboo()
    driven = game.drive(Word(target="winter", related=("snow",)))
    driven.answer(1, Message("describer", "CLUE: frost"))
    (only,) = chat(driven.view(driven.pending[0]))
    assert only["role"] == "user" and only["content"].endswith("\n\nCLUE: frost")


async def test_every_turn_has_a_seed_of_its_own() -> None:
    engine = Recording(said("GUESS: 1"), said("GUESS: 2"), said("GUESS: 3"), said("GUESS: 4"))
    await Guessing().run([Number()], ModelAgent(engine, Sampling()), seed=3)
    seeds = [request.seed for request in engine.requests]
    assert len(set(seeds)) == 4
    again = Recording(*engine.replies)
    await Guessing().run([Number()], ModelAgent(again, Sampling()), seed=3)
    assert [request.seed for request in again.requests] == seeds


@pytest.mark.parametrize("constrain", [True, False])
async def test_only_a_constrained_seat_sends_formats(constrain: bool) -> None:
    engine = Recording(said("GUESS: 5"))
    await Guessing().run([Number()], ModelAgent(engine, Sampling(), constrain=constrain))
    assert (engine.requests[0].format is not None) == constrain


async def test_an_engine_that_can_not_constrain() -> None:
    class Free(Recording):
        constrains = False

    with pytest.raises(UsageError, match="cannot hold replies to a format: leave out --constrain"):
        async with ModelAgent(Free(), Sampling(), constrain=True):
            pass


async def test_a_recorded_run_is_played_again(tmp_path: Path) -> None:
    config = RunConfig(agents=("random",), arenas=("taboo",), seed=5)
    before = await play(config, tmp_path / "one")
    after = await play(config.model_copy(update={"agents": (f"replay:{tmp_path / 'one'}",)}), tmp_path / "two")
    assert after.arenas == before.arenas


async def test_a_replay_of_several_agents_needs_a_name(tmp_path: Path) -> None:
    await play(RunConfig(agents=("random", "baseline"), arenas=("taboo",)), tmp_path / "one")
    with pytest.raises(UsageError, match=r"say whose replies, as in .*#AGENT, of baseline, random"):
        replay.make(str(tmp_path / "one"), AgentOptions())
    assert replay.make(f"{tmp_path / 'one'}#random", AgentOptions()).name.endswith("#random")


@pytest.mark.parametrize(("mode", "expected"), [(0o600, ""), (0o644, "others can read"), (None, "cannot be read")])
def test_a_key_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int | None, expected: str) -> None:
    path = tmp_path / "key"
    if mode is not None:
        path.write_text("sk-secret\n")
        path.chmod(mode)
    monkeypatch.delenv("CLEMSIM_API_KEY", raising=False)
    monkeypatch.setenv("CLEMSIM_API_KEY_FILE", str(path))
    if not expected:
        seat = remote.make("m@http://127.0.0.1:9/v1", AgentOptions())
        assert "sk-secret" not in str(seat.describe())
        return
    with pytest.raises(UsageError, match=expected) as caught:
        remote.make("m@http://127.0.0.1:9/v1", AgentOptions())
    assert "sk-secret" not in str(caught.value)


async def test_pictures_are_parts_of_the_messages_that_show_them() -> None:
    """What is told joins the next ask, with an empty line between texts of two messages."""
    engine = Recording(*[said("SAY: x")] * 3)
    (result,) = await Shades().run([Instance()], ModelAgent(engine, Sampling()))
    assert result.outcome and result.outcome.kind == "success"
    a, aside, last = engine.requests
    told = f"{shade(1).line}\nThat was one.\n\nAnd this?\n{shade(2, '<b>').line}"
    assert [message["content"] for message in a.messages] == [told]
    assert a.parts == {0: [shade(1), Text("That was one.\n\nAnd this?"), shade(2, "<b>")]}
    assert aside.parts == {0: [shade(1), shade(3), Text("Which?")]} and last.parts is None


async def test_the_system_text_of_an_agent_comes_before_pictures() -> None:
    engine = Recording(*[said("SAY: x")] * 3)
    agent = ModelAgent(engine, Sampling())
    agent.system = "Be kind."
    await Shades().run([Instance()], agent)
    assert [message["role"] for message in engine.requests[1].messages] == ["system", "user"]
    assert engine.requests[1].parts == {1: [shade(1), shade(3), Text("Which?")]}


async def test_an_engine_that_takes_no_pictures_is_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recording, "takes_images", Engine.takes_images)
    engine = Recording()
    with pytest.raises(BadRequest, match="recording takes no pictures, and the game shows one: serve one that does"):
        await Shades().run([Instance()], ModelAgent(engine, Sampling()))
    assert not engine.requests
