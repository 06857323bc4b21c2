"""Thinking of the embedded model: its budget, formats behind it, and templates that have no switch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.engines.llamacpp import LlamaCppEngine
from clemsim.engines.llamacpp_template import thinks_on_request
from clemsim.engines.thinking import Thinking
from clemsim.errors import EngineUnavailable, UsageError
from clemsim.game.formats import Format, literal, one_of
from tests.engines.thinker import TEMPLATE
from tests.engines.weights import missing

Part = tuple[str, str]
GUESS = literal("GUESS: ") + one_of("apple", "pear")
LONG: list[Part] = [("reasoning_content", f"word{number} ") for number in range(1, 10)]


class Thinker:
    """Stands for llama.cpp's server: streams what it is given, a token a part, one list for each request."""

    def __init__(self, *replies: Sequence[Part]) -> None:
        self.replies = list(replies)
        self.bodies: list[dict[str, Any]] = []
        self.error: dict[str, Any] = {}

    def handle_chat_completions(self, body: dict[str, Any], take: Callable[[dict[str, Any]], bool]) -> None:
        """Stream the next reply, until it is broken off."""
        self.bodies.append(body)
        if self.error:
            take({"error": self.error})
            return
        made, finish = 0, "stop"
        for name, text in self.replies.pop(0):
            made += 1
            if name == "finish":
                finish = text
                continue
            times = {"predicted_n": made, "cache_n": 3, "prompt_n": 7}
            if take({"choices": [{"delta": {name: text}, "finish_reason": None}], "timings": times}):
                return
        take({"choices": [{"delta": {}, "finish_reason": finish}]})
        take({"choices": [], "usage": {"completion_tokens": made, "prompt_tokens": 30}})


def ask(thinking: Thinking = "", form: Format | None = None) -> Request:
    """Return a request of one message."""
    return Request([ChatMessage(role="user", content="Guess.")], Sampling(max_tokens=20, thinking=thinking), 1, format=form)


@pytest.fixture
def thinker() -> Thinker:
    """A server without replies yet."""
    return Thinker()


async def complete(thinker: Thinker, *requests: Request) -> Any:
    """Return what an engine makes of the last of these requests."""
    engine = LlamaCppEngine(slots=1)
    await engine._weights.take(lambda: thinker, 1)
    engine._open = True
    completions = [await engine.complete(request) for request in requests]
    await engine.close()
    return completions[-1]


async def test_thinking_ends_at_its_budget_and_the_reply_follows(thinker: Thinker) -> None:
    thinker.replies = [LONG, [("content", "GUESS: "), ("content", "apple")]]
    completion = await complete(thinker, ask(4))
    first, second = thinker.bodies
    assert (completion.text, completion.reasoning) == ("GUESS: apple", "word1 word2 word3 word4 ")
    assert (completion.usage.tokens_in, completion.usage.tokens_cached, completion.usage.tokens_out) == (10, 3, 6)
    assert completion.usage.details == {"tokens_thought": 4}
    assert first["max_tokens"] == 24 and "thinking_budget_tokens" not in first
    thought = {"role": "assistant", "content": "", "reasoning_content": "word1 word2 word3 word4"}
    assert second["messages"] == [*first["messages"], thought] and second["max_tokens"] == 20
    assert second["continue_final_message"] == "content" and "grammar" not in second


async def test_who_ends_the_thinking_himself_is_asked_once(thinker: Thinker) -> None:
    thinker.replies = [[("reasoning_content", "so"), ("content", "GUESS: "), ("content", "apple")]]
    completion = await complete(thinker, ask(4))
    assert (completion.text, completion.reasoning, completion.usage.tokens_out) == ("GUESS: apple", "so", 3)
    assert completion.usage.details == {"tokens_thought": 1}


async def test_a_reply_longer_than_the_budget_of_thinking_goes_on(thinker: Thinker) -> None:
    thinker.replies = [[("reasoning_content", "so"), *[("content", "x")] * 9]]
    assert (await complete(thinker, ask(4))).text == "x" * 9


@pytest.mark.parametrize("last", [[("content", "anything")], []], ids=["begins to reply", "ends while thinking"])
async def test_the_reply_alone_is_held_to_a_format(thinker: Thinker, last: list[Part]) -> None:
    thinker.replies = [[("reasoning_content", "so "), *last], [("content", "GUESS: pear")]]
    completion = await complete(thinker, ask("on", GUESS))
    first, second = thinker.bodies
    assert "grammar" not in first and second["grammar"] == GUESS.gbnf
    assert (completion.text, completion.reasoning) == ("GUESS: pear", "so ")


async def test_a_reply_cut_while_thinking_stays_cut(thinker: Thinker) -> None:
    thinker.replies = [[("reasoning_content", "so"), ("finish", "length")]]
    completion = await complete(thinker, ask("on", GUESS))
    assert (completion.text, completion.reasoning, completion.stop) == ("", "so", "length")


async def test_who_thinks_unasked_is_held_to_the_format_behind_the_thinking(thinker: Thinker) -> None:
    into_thinking: list[Part] = [("reasoning_content", "GUESS: pear")]
    again: list[Part] = [("content", "GUESS: apple")]
    thinker.replies = [into_thinking, [("reasoning_content", "hm"), ("content", "G")], again, [("content", "G")], again]
    completion = await complete(thinker, ask(form=GUESS), ask(form=GUESS))
    assert completion.text == "GUESS: apple"
    assert ["grammar" in body for body in thinker.bodies] == [True, False, True, False, True]


async def test_what_the_server_says_is_wrong_is_raised(thinker: Thinker) -> None:
    thinker.error = {"code": 500, "message": "out of memory", "type": "server_error"}
    with pytest.raises(EngineUnavailable, match="out of memory"):
        await complete(thinker, ask("on", GUESS))


class Listening:
    """A server that says where it listens."""

    def __init__(self, address: str) -> None:
        self.listening_address = address


@contextmanager
def templates(write: Callable[[dict[str, Any]], object]) -> Iterator[Listening]:
    """Run a server that answers with what `write` makes of the template's arguments."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = json.dumps(write(body["chat_template_kwargs"])).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Listening(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("prompt", "has"),
    [
        (lambda told: "a", False),
        (lambda told: f"a{told['enable_thinking']}", True),
        (lambda told: f"a{told.get('reasoning_effort')}", True),
        (lambda told: "a<think>\n", True),
    ],
    ids=["no switch", "a switch", "efforts", "always thinks"],
)
def test_what_a_template_heeds(prompt: Callable[[dict[str, Any]], str], has: bool) -> None:
    with templates(lambda told: {"prompt": prompt(told)}) as server:
        assert thinks_on_request(server) is has


@pytest.mark.parametrize("answer", [{}, [], "no"])
def test_a_server_that_does_not_tell(answer: object) -> None:
    with templates(lambda told: answer) as server, pytest.raises(EngineUnavailable, match="does not tell"):
        thinks_on_request(server)


async def test_thinking_is_refused_where_the_template_has_no_switch() -> None:
    engine = LlamaCppEngine(slots=1)
    with templates(lambda told: {"prompt": "a"}) as server:
        await engine._weights.take(lambda: server, 1)
        engine._open = True
        engine.check_sampling(Sampling(thinking="off"))
        with pytest.raises(UsageError, match=r"no switch for it .*chat_template=FILE"):
            engine.check_sampling(Sampling(thinking=100))
        await engine.close()


@pytest.mark.local
@pytest.mark.skipif(bool(missing()), reason=missing() or "playable")
@pytest.mark.slow
async def test_a_real_model_thinks_within_its_budget_and_is_held_to_a_format_behind_it(tmp_path: Path) -> None:
    template = tmp_path / "thinking.jinja"
    template.write_text(TEMPLATE)
    async with LlamaCppEngine(slots=1, context=128, chat_template=template) as engine:
        engine.check_sampling(Sampling(thinking=8))
        off, on, held = [await engine.complete(ask(*asked)) for asked in (("off",), (8,), (8, GUESS))]
        assert str(engine.describe()["chat_template"]).startswith("thinking.jinja (")
    assert off.text and not off.reasoning and off.usage.details is None
    assert on.reasoning and on.usage.details and on.usage.details["tokens_thought"] <= 8
    assert GUESS.accepts(held.text) and held.reasoning == on.reasoning


async def test_a_template_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jinja"):
        await LlamaCppEngine(slots=1, chat_template=tmp_path / "none.jinja").open()


@pytest.mark.local
@pytest.mark.skipif(bool(missing()), reason=missing() or "playable")
async def test_a_template_that_is_broken_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jinja"
    broken.write_text("{% for x in %}")
    with pytest.raises(UsageError, match=r"broken\.jinja cannot be loaded"):
        await LlamaCppEngine(slots=1, context=256, chat_template=broken).open()


async def test_several_replies_have_thoughts_of_their_own(thinker: Thinker) -> None:
    thinker.replies = [LONG, [("content", "apple")], [("reasoning_content", "no"), ("content", "pear")]]
    request = ask(4)
    request.samples = 2
    completion = await complete(thinker, request)
    assert [(each.text, each.reasoning) for each in completion.samples] == [
        ("apple", "word1 word2 word3 word4 "),
        ("pear", "no"),
    ]
    assert [body["seed"] for body in thinker.bodies] == [1, 1, 2]
    assert completion.usage.tokens_out == 4 + 1 + 2 and completion.usage.details == {"tokens_thought": 5}
