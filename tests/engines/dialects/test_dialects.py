"""Requests as each server documents them, without a socket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.engines.dialects import ANTHROPIC, DIALECTS, LLAMACPP, OPENAI, OPENROUTER, SGLANG, VLLM, Dialect, dialect_of
from clemsim.engines.thinking import Thinking, parse_thinking
from clemsim.errors import BadRequest, UsageError
from clemsim.game.formats import one_of
from tests.engines.servers import ask

PLAIN = {
    "model",
    "messages",
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "stream",
}


def test_the_body_for_any_server_is_explicit() -> None:
    sampling = Sampling(0.5, 20, 0.9, 40, 0.1, 1.1, 0.2, 0.3)
    request = Request([ChatMessage(role="system", content="a"), ChatMessage(role="user", content="b")], sampling, 11)
    body = OPENAI.body("tiny", request)
    assert set(body) == PLAIN
    assert body["messages"] == [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    assert (body["temperature"], body["max_tokens"], body["top_p"], body["seed"]) == (0.5, 20, 0.9, 11)
    assert (body["presence_penalty"], body["frequency_penalty"], body["stream"]) == (0.2, 0.3, False)


def test_body_for_vllm() -> None:
    form = one_of("yes", "no")
    body = VLLM.body("tiny", ask(form=form))
    assert set(body) - PLAIN == {"top_k", "min_p", "repetition_penalty", "structured_outputs"}
    assert body["top_k"] == -1
    assert body["structured_outputs"] == {"regex": form.regex}


def test_body_for_llamacpp() -> None:
    form = one_of("yes", "no")
    body = LLAMACPP.body("tiny", ask(form=form))
    assert set(body) - PLAIN == {"top_k", "min_p", "repeat_penalty", "cache_prompt", "grammar"}
    assert body["top_k"] == 0  # llama.cpp's value for all
    assert body["grammar"] == form.gbnf


@pytest.mark.parametrize(("thinking", "free"), [("", False), ("off", False), ("on", True), (64, True)])
def test_a_grammar_of_llamacpp_lets_the_model_think_first(thinking: Thinking, free: bool) -> None:
    asked = ask(form=one_of("yes", "no"))
    asked.sampling = Sampling(thinking=thinking)
    grammar = LLAMACPP.body("tiny", asked)["grammar"]
    assert grammar.endswith('("yes" | "no")') and ('"</think>"' in grammar) is free


@pytest.mark.parametrize("dialect", [VLLM, LLAMACPP, SGLANG])
def test_no_constraint_without_format(dialect: Dialect) -> None:
    assert not {"grammar", "structured_outputs", "regex"} & set(dialect.body("tiny", ask()))


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC, OPENROUTER])
def test_format_for_a_server_that_cannot(dialect: Dialect) -> None:
    assert not dialect.constrains
    with pytest.raises(BadRequest, match="cannot hold"):
        dialect.body("tiny", ask(form=one_of("a", "b")))


def request(**sampling: Any) -> Request:
    messages = [ChatMessage(role="system", content="be brief"), ChatMessage(role="user", content="hello")]
    return Request(messages, Sampling(**sampling), 7)


def test_body_for_sglang() -> None:
    form = one_of("yes", "no")
    body = SGLANG.body("tiny", ask(form=form))
    assert set(body) - PLAIN == {"top_k", "min_p", "repetition_penalty", "regex"}
    assert body["regex"] == form.regex


def test_body_for_anthropic() -> None:
    body = ANTHROPIC.body("claude", request(temperature=0.3, max_tokens=50, stop=("END",)))
    assert body == {
        "model": "claude",
        "max_tokens": 50,
        "temperature": 0.3,
        "stop_sequences": ["END"],
        "cache_control": {"type": "ephemeral"},
        "system": "be brief",
        "messages": [{"role": "user", "content": "hello"}],
    }


def test_anthropic_names_key_and_version() -> None:
    assert ANTHROPIC.headers("secret") == {"x-api-key": "secret", "anthropic-version": "2023-06-01"}
    assert OPENAI.headers("secret") == {"Authorization": "Bearer secret"}
    assert OPENAI.headers("") == {}


@pytest.mark.parametrize(
    ("dialect", "thinking", "fields"),
    [
        (VLLM, "off", {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}, "max_tokens": 300}),
        (VLLM, "on", {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}, "max_tokens": 8492}),
        (VLLM, 500, {"thinking_token_budget": 500, "max_tokens": 800}),
        (VLLM, "low", {"reasoning_effort": "low", "max_tokens": 1324}),
        (LLAMACPP, "off", {"chat_template_kwargs": {"enable_thinking": False}}),
        (LLAMACPP, 64, {"chat_template_kwargs": {"enable_thinking": True}, "thinking_budget_tokens": 64, "max_tokens": 364}),
        (SGLANG, "high", {"reasoning_effort": "high", "max_tokens": 16684}),
        (OPENAI, "off", {"reasoning_effort": "none", "max_tokens": 300}),
        (OPENAI, "medium", {"reasoning_effort": "medium", "max_tokens": 4396}),
        (OPENROUTER, 900, {"reasoning": {"max_tokens": 900}, "max_tokens": 1200}),
        (OPENROUTER, "off", {"reasoning": {"enabled": False}, "max_tokens": 300}),
        (OPENROUTER, "high", {"reasoning": {"effort": "high"}, "max_tokens": 16684}),
        (ANTHROPIC, "off", {"thinking": {"type": "disabled"}, "max_tokens": 300, "temperature": 0.0}),
        (ANTHROPIC, 2000, {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 2300}),
        (ANTHROPIC, 5, {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1324}),
    ],
)
def test_thinking(dialect: Dialect, thinking: Thinking, fields: dict[str, Any]) -> None:
    dialect.check_thinking(thinking, "tiny")
    body = dialect.body("tiny", request(thinking=thinking))
    assert {name: body[name] for name in fields} == fields


def test_anthropic_takes_no_temperature_while_thinking() -> None:
    assert "temperature" not in ANTHROPIC.body("claude", request(thinking="high"))


@pytest.mark.parametrize(("dialect", "thinking"), [(OPENAI, 100), (OPENAI, "on"), (SGLANG, 100)])
def test_thinking_that_cannot_be_had(dialect: Dialect, thinking: Thinking) -> None:
    with pytest.raises(UsageError, match=f"tiny cannot be told thinking={thinking}: it takes off"):
        dialect.check_thinking(thinking, "tiny")


@pytest.mark.parametrize("dialect", DIALECTS.values())
def test_no_thinking_is_asked_for_by_itself(dialect: Dialect) -> None:
    dialect.check_thinking("", "tiny")
    body = dialect.body("tiny", request())
    assert not {"thinking", "reasoning", "reasoning_effort", "chat_template_kwargs"} & set(body)


@pytest.mark.parametrize(("text", "thinking"), [("off", "off"), ("high", "high"), ("512", 512)])
def test_ways_of_thinking(text: str, thinking: Thinking) -> None:
    assert parse_thinking(text) == thinking


@pytest.mark.parametrize("text", ["", "yes", "0", "-5", "1.5", "10000000", "٣"])
def test_no_way_of_thinking(text: str) -> None:
    with pytest.raises(UsageError, match="give off, on, low"):
        parse_thinking(text)


def test_extra_fields_join_those_of_the_dialect() -> None:
    extra = '{"chat_template_kwargs": {"tools_in_user": 1}, "repetition_detection": true, "top_p": 0.5}'
    body = VLLM.body("tiny", request(thinking="off", extra_body=extra))
    assert body["chat_template_kwargs"] == {"enable_thinking": False, "thinking": False, "tools_in_user": 1}
    assert (body["repetition_detection"], body["top_p"]) == (True, 0.5)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.anthropic.com/v1", "anthropic"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.openai.com/v1", None),
        ("http://127.0.0.1:8000/v1", None),
        ("https://api.anthropic.com.example.org/v1", None),
    ],
)
def test_addresses_that_tell_the_dialect(url: str, name: str | None) -> None:
    assert dialect_of(url) == name


def test_llamacpp_counts_several_replies_by_their_log_probabilities() -> None:
    several = replace(request(temperature=1.0), samples=2)
    body = LLAMACPP.body("tiny", several)
    assert (body["n"], body["logprobs"], body["top_logprobs"]) == (2, True, 1)
    assert LLAMACPP.body("tiny", replace(several, sampling=Sampling(logprobs=3)))["top_logprobs"] == 3
    listed = [{"token": "a", "logprob": -1.0, "top_logprobs": []}]
    choices = [
        {"index": place, "message": {"content": "a"}, "finish_reason": "stop", "logprobs": {"content": count * listed}}
        for place, count in enumerate((3, 5))
    ]
    payload: dict[str, Any] = {"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 3}}
    completion = LLAMACPP.read(payload, several, "tiny", started=0.0, seconds=1.0)
    assert (completion.usage.tokens_out, completion.usage.tokens_in, completion.usage.details) == (8, 9, None)
    choices[1]["logprobs"] = None
    assert LLAMACPP.read(payload, several, "tiny", started=0.0, seconds=1.0).usage.tokens_out == 3
