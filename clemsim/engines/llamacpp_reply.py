"""A reply of llama.cpp in this process, token by token, so that it can be broken off, and its thinking ended.

llama.cpp's own budget of thinking knows beginning and end only where each is a token of the vocabulary. Of other models
it misses the beginning, and then grants any number of tokens, or the end, and then puts `</think>` into the reply. So
thinking is ended here: at its budget the reply is broken off and asked for again behind what was thought (budget forcing,
Muennighoff et al. 2025). What is to be held to a format is asked for in the same way once the model has thought, for a
grammar would hold the thinking to it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clemsim.engines.answers import read_count

Body = Mapping[str, Any]


class StreamedReply:
    """A reply that is made token by token, for llama.cpp can break one off only between two parts of a stream.

    That costs a call of Python for each token, in llama.cpp's threads: 400 tokens took 5.06 s in place of 5.03 s.
    """

    def __init__(self) -> None:
        self.wanted = True  # made false elsewhere, where nobody waits for it any more

    def ask(self, server: Any, body: Body) -> dict[str, Any]:
        """Return the whole answer; less of it where it is not wanted any more."""
        return self._streamed(server, body).answer()

    def ask_thinking(self, server: Any, body: Body, budget: int, most: int) -> dict[str, Any]:
        """Return the answer of a model that thinks before it replies.

        `budget`: the most tokens of thinking; 0: no limit but that of the body. `most`: the most tokens of the reply. What
        the body holds to a grammar is the reply alone. Tokens of thinking are counted in `usage`.
        """
        free = {name: value for name, value in body.items() if name not in ("grammar", "thinking_budget_tokens")}
        held = {"grammar": body["grammar"]} if "grammar" in body else {}

        def enough(stream: _Stream) -> bool:
            return bool(held) if stream.replies else 0 < budget <= stream.made

        first = self._streamed(server, free | {"timings_per_token": True}, enough)
        if not self.wanted or not (first.broken_off or (held and first.ended_thinking)):
            return first.answer(thought=first.thought)
        thought = {"role": "assistant", "content": "", "reasoning_content": first.reasoning.rstrip() or "\n"}
        last = {
            "messages": [*body["messages"], thought],
            "continue_final_message": "content",
            "add_generation_prompt": False,
        }
        second = self._streamed(server, {**free, **held, **last, "max_tokens": most})
        return second.behind(first)

    def _streamed(self, server: Any, body: Body, enough: Callable[[_Stream], bool] = lambda _: False) -> _Stream:
        """Return what came of one request, which ends where `enough` says so, or nothing is wanted any more."""
        stream = _Stream()

        def take(part: dict[str, Any]) -> bool:
            stream.take(part)
            stream.broken_off = stream.broken_off or enough(stream)
            return stream.broken_off or not self.wanted

        if self.wanted:
            asked = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
            server.handle_chat_completions({**body, **asked}, take)
        return stream


class _Choice:
    """One of the replies to a request, as it comes in parts."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {"content": [], "reasoning_content": [], "tool_calls": []}
        self.finish_reason: str | None = None
        self.logprobs: list[Any] = []

    def take(self, part: dict[str, Any]) -> None:
        """Take the next part."""
        self.finish_reason = part.get("finish_reason") or self.finish_reason
        self.logprobs += (part.get("logprobs") or {}).get("content") or ()
        for name, value in part["delta"].items():
            if value and name in self.parts:
                self.parts[name].extend(value)

    def whole(self) -> dict[str, Any]:
        """Return the choice as an answer that is not streamed has it."""
        message: dict[str, Any] = {name: "".join(self.parts[name]) for name in ("content", "reasoning_content")}
        message["tool_calls"] = self.parts["tool_calls"]
        choice: dict[str, Any] = {"message": message, "finish_reason": self.finish_reason}
        return {**choice, "logprobs": {"content": self.logprobs}} if self.logprobs else choice


class _Stream:
    """What has come of a stream so far. Of several replies, thinking is looked at in the first alone."""

    def __init__(self) -> None:
        self.broken_off = False
        self.made = 0  # tokens, where the stream tells
        self.thought = 0  # of them, those of thinking
        self._read = (0, 0)  # tokens of the prompt: all, and those found in the cache
        self._answer: dict[str, Any] = {}  # all that is not told in parts
        self._first = _Choice()
        self._choices = {0: self._first}
        self._counted = 0  # tokens of all replies, as they are counted at their ends

    @property
    def replies(self) -> bool:
        """Whether the reply has begun."""
        return bool(self._first.parts["content"])

    @property
    def ended_thinking(self) -> bool:
        """Whether the model ended by itself before it began to reply."""
        return self._first.finish_reason == "stop" and not self.replies

    @property
    def reasoning(self) -> str:
        """What was thought."""
        return "".join(self._first.parts["reasoning_content"])

    def take(self, part: dict[str, Any]) -> None:
        """Take the next part. Each choice ends with a usage of its own."""
        if times := part.get("timings"):
            self.made = times["predicted_n"]
            self._read = times["cache_n"] + times["prompt_n"], times["cache_n"]
        for choice in part.get("choices") or ():
            self._choices.setdefault(choice.get("index") or 0, _Choice()).take(choice)
            if choice["delta"].get("reasoning_content"):
                self.thought = self.made
        if isinstance(usage := part.get("usage"), dict):
            self._counted += read_count(usage.get("completion_tokens"))
        self._answer |= {name: part[name] for name in ("usage", "system_fingerprint", "error") if part.get(name)}

    def answer(self, *, thought: int = 0) -> dict[str, Any]:
        """Return the answer as llama.cpp gives it without a stream. `thought`: the tokens of thinking, where known."""
        found = {"choices": [choice.whole() for _, choice in sorted(self._choices.items())], **self._answer}
        if isinstance(usage := found.get("usage"), dict):
            found["usage"] = {**usage, "completion_tokens": self._counted}
            if thought:
                found["usage"]["completion_tokens_details"] = {"reasoning_tokens": thought}
        return found

    def behind(self, first: _Stream) -> dict[str, Any]:
        """Return the answer whose thinking is that of `first`, with the tokens of both."""
        self._first.parts["reasoning_content"][:0] = [first.reasoning]
        self._counted += first.made
        if usage := self._answer.get("usage"):
            read, cached = first._read
            self._answer["usage"] = {**usage, "prompt_tokens": read, "prompt_tokens_details": {"cached_tokens": cached}}
        return self.answer(thought=first.thought)


def joined(replies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return answers to one prompt as one with several choices; the error of the first that is one."""
    for answer in replies:
        if answer.get("error"):
            return answer
    usages = [answer.get("usage") or {} for answer in replies]
    made = sum(read_count(usage.get("completion_tokens")) for usage in usages)
    thought = sum((usage.get("completion_tokens_details") or {}).get("reasoning_tokens", 0) for usage in usages)
    usage = {**usages[0], "completion_tokens": made, "completion_tokens_details": {"reasoning_tokens": thought}}
    return {**replies[0], "choices": [answer["choices"][0] for answer in replies], "usage": usage}


def only_thought(answer: object) -> bool:
    """Return whether an answer has no reply, although it was to be held to a format: its tokens were taken as thinking."""
    if not isinstance(answer, dict) or answer.get("error"):
        return False
    message = answer["choices"][0]["message"]
    return bool(message["reasoning_content"]) and not message["content"]
