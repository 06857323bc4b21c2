"""The form that most servers share: chat completions as OpenAI documents them, and the traits in which servers differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from clemsim.engines import answers
from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.images import chat_messages
from clemsim.engines.thinking import THINKING, Thinking, thinking_tokens
from clemsim.engines.tool_wire import openai_tools
from clemsim.errors import BadRequest, UsageError
from clemsim.game.formats import Format
from clemsim.game.tools import Offer

DialectName = Literal["openai", "vllm", "llamacpp", "sglang", "anthropic", "openrouter"]
Body = dict[str, Any]

# The sampling parameters that every server of this form understands, by their names in a request.
COMMON = MappingProxyType(
    {
        "max_tokens": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
        "presence_penalty": "presence_penalty",
        "frequency_penalty": "frequency_penalty",
    }
)


class Dialect:
    """What one kind of server understands. The class attributes are its traits; subclasses state those that differ."""

    name: ClassVar[DialectName]
    path: ClassVar[str] = "chat/completions"  # where requests go, below the address of the server
    sampling: ClassVar[Mapping[str, str]] = COMMON  # the fields of Sampling that are sent, and under what names
    stops: ClassVar[str] = "stop"  # the field of the texts at which a reply ends
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({"stream": False})  # sent with every request
    constrains: ClassVar[bool] = False  # decoding can be held to a format
    holds_length: ClassVar[bool] = False  # replies can be made exactly so long
    takes_seed: ClassVar[bool] = True
    tells_logprobs: ClassVar[bool] = True
    tells_tokens: ClassVar[bool] = False  # it can tell the ids of tokens
    samples_many: ClassVar[bool] = False  # one request draws several replies from one prefill
    thinks: ClassVar[frozenset[str]] = frozenset()  # what can be asked for; "budget": a number of tokens

    def body(self, model: str, request: Request) -> Body:
        """Return the JSON of a request. Every sampling parameter that the dialect knows is explicit.

        Raises BadRequest where the server cannot hold decoding to the request's format.
        """
        body = {**fixed_fields(self, model, request.sampling), "messages": self.messages(request)}
        if self.takes_seed:
            body["seed"] = request.seed
        if request.offer is not None:
            body |= self.tools(request.offer)
        if request.samples > 1:
            body["n"] = request.samples
        return body | self.constraint(request.format, request.sampling) if request.format else body

    def messages(self, request: Request) -> Sequence[Any]:
        """Return the conversation; of a message with pictures, its parts."""
        return chat_messages(request.messages, request.parts) if request.parts else request.messages

    def fields(self, sampling: Sampling) -> Body:
        """Return how a request is sampled, under the names of this dialect."""
        return {sent: getattr(sampling, field) for field, sent in self.sampling.items()}

    def constraint(self, held_to: Format, sampling: Sampling) -> Body:
        """Return the fields that hold decoding to a format. Raises BadRequest where the server has none."""
        raise BadRequest("the server cannot hold replies to a format")

    def tools(self, offer: Offer) -> Body:
        """Return the fields that offer tools."""
        return openai_tools(offer)

    def thinking(self, thinking: Thinking) -> Body:
        """Return the fields that turn thinking on or off; for those of `thinks` alone."""
        return {}

    def check_sampling(self, sampling: Sampling, where: str) -> None:
        """Raise UsageError where a server of this dialect, at `where`, cannot be asked to sample so."""
        self.check_thinking(sampling.thinking, where)
        for wanted, told, name in (
            (sampling.logprobs, self.tells_logprobs, "log-probabilities"),
            (sampling.tokens, self.tells_tokens, "token ids"),
        ):
            if wanted and not told:
                raise UsageError(f"{where} tells no {name} (dialect {self.name}): leave that out")

    def check_thinking(self, thinking: Thinking, where: str) -> None:
        """Raise UsageError where a server of this dialect, at `where`, cannot be told to think so."""
        kind = "budget" if isinstance(thinking, int) else thinking
        if kind and kind not in self.thinks:
            known = ", ".join("a number of tokens" if each == "budget" else each for each in THINKING if each in self.thinks)
            can = f"it takes {known}" if known else "this kind of server has no switch for it"
            raise UsageError(f"{where} cannot be told thinking={thinking}: {can} (dialect {self.name})")

    def read(
        self,
        payload: Any,
        request: Request,
        model: str,
        *,
        started: float,
        seconds: float,
        retries: int = 0,
        hide: Callable[[str], str] = str,
    ) -> Completion:
        """Return the completion in the JSON that answers a request, as `answers.read_completion` does."""
        return answers.read_completion(payload, request, model, started=started, seconds=seconds, retries=retries, hide=hide)

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the key, and what else the server wants in every request."""
        return {"Authorization": f"Bearer {key}"} if key else {}


@lru_cache(maxsize=256)
def fixed_fields(dialect: Dialect, model: str, sampling: Sampling) -> Mapping[str, Any]:
    """Return the fields that are the same in all requests to one model with one way of sampling."""
    fields: Body = {"model": model, **dialect.fields(sampling), **dialect.fixed}
    if sampling.stop:
        fields[dialect.stops] = list(sampling.stop)
    if sampling.thinking:
        _merge(fields, dialect.thinking(sampling.thinking))
    if sampling.logprobs:
        fields |= {"logprobs": True, "top_logprobs": sampling.logprobs}
    if sampling.tokens:
        fields["return_token_ids"] = True
    _merge(fields, sampling.extra())
    return MappingProxyType(fields)


def room(sampling: Sampling) -> int:
    """Return the most tokens that a server may make: those of the reply and, beside them, those of thinking."""
    return sampling.max_tokens + thinking_tokens(sampling.thinking)


def _merge(fields: Body, more: Mapping[str, Any]) -> None:
    """Add fields to a body; objects within objects are joined, so that extra template arguments stand beside ours."""
    for name, value in more.items():
        there = fields.get(name)
        fields[name] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
