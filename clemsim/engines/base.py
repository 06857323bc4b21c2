"""The seam between agents and model servers: a `Request` goes into an `Engine`, a `Completion` comes out.

To add an engine, subclass `Engine` and register the class in the entry-point group `clemsim.agents`, or name it as
`path/to/file.py:Class`. It is made with one string, the part of the SPEC behind the colon:

    class Shouting(Engine):
        def __init__(self, arg: str) -> None:
            self.name = arg or "shouting"

        async def complete(self, request: Request) -> Completion:
            text = request.messages[-1]["content"].upper()
            return Completion(text, "", "stop", Usage(self.name, request.seed, time(), 0.0))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

import orjson

from clemsim._util.lifecycle import AsyncResource
from clemsim.engines.backend import Backend
from clemsim.engines.load import ServerLoad
from clemsim.engines.thinking import Thinking
from clemsim.errors import UsageError
from clemsim.game.content import Part
from clemsim.game.formats import Format
from clemsim.game.messages import Usage
from clemsim.game.slot import UNSCHEDULED, TurnSlot
from clemsim.game.tool_calls import ToolCall
from clemsim.game.tools import Offer

MOST_SAMPLES = 128  # replies of one request, of any server
FIRST_WIDTH = 64  # turns in flight at the beginning, where the width is found while playing
Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. An engine sends every value that its server understands: a server's own defaults never decide.

    Names and meanings are vLLM's. With a `temperature` of 0 the most likely token is taken.
    """

    temperature: float = 0.0
    max_tokens: int = 300  # most tokens of a reply
    top_p: float = 1.0  # 1.0: no limit
    top_k: int = -1  # -1: no limit
    min_p: float = 0.0
    repetition_penalty: float = 1.0  # 1.0: none
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    stop: tuple[str, ...] = ()  # texts at which a reply ends; they are no part of it
    thinking: Thinking = ""  # whether and how long the model reasons before it replies, beside `max_tokens`
    extra_body: str = ""  # JSON: more fields of a request, in the server's own words
    logprobs: int = 0  # log-probabilities are recorded, with those of so many likeliest tokens; 0: none are
    tokens: bool = False  # the ids of the tokens are recorded

    def describe(self) -> dict[str, Any]:
        """Return the values by name, as a run records them; those that are not used by all are left out where not set."""
        values = asdict(self)
        return {name: value for name, value in values.items() if name not in _OPTIONAL or value not in _UNSET}

    def extra(self) -> dict[str, Any]:
        """Return the fields of `extra_body`."""
        fields: dict[str, Any] = orjson.loads(self.extra_body) if self.extra_body else {}
        return fields


_OPTIONAL = frozenset({"stop", "thinking", "extra_body", "logprobs", "tokens"})
_UNSET = ((), "", 0, False)


class ChatMessage(TypedDict):
    """One message of a chat request, as it is sent. `tool_calls`: calls of tools, as OpenAI's API has them; `tool_call_id`:
    that of the call whose result it is.
    """

    role: Role
    content: str
    tool_calls: NotRequired[list[dict[str, Any]]]
    tool_call_id: NotRequired[str]


@dataclass(slots=True)  # not frozen: one is made for every turn, and freezing costs more than making
class Request:
    """One turn for a model to answer. An engine must not change it."""

    messages: Sequence[ChatMessage]
    """The conversation of one seat so far; the last message, of the user, is to be answered. Roles alternate."""
    sampling: Sampling
    """How to draw the tokens of the reply."""
    seed: int
    """The seed to draw with; each turn of a run has its own. Equal requests should get equal replies, where possible."""
    episode: str = ""
    """The label of the episode, such as `taboo/high_en/3`. With `seat` it names a conversation whose beginning a server may
    have cached, so requests with the same `episode` should go to the same server."""
    seat: str = ""
    """The name of the seat within the episode."""
    turn: int = 0
    """The number of the turn within the episode, from 1."""
    format: Format | None = None
    """The set of replies that decoding must be held to (`format.regex`, `format.gbnf`); None: any reply. It is set only
    where the engine `constrains`."""
    slot: TurnSlot = UNSCHEDULED
    """The slot that the turn holds among those in flight. `slot.rank`: a server that has priorities should answer the lowest
    rank first. An engine that waits before another attempt does so within `slot.release_while_waiting(error)`, so that
    another turn goes meanwhile and, after EngineBusy, the width shrinks."""
    parts: Mapping[int, Sequence[Part]] | None = None
    """The texts and pictures of those messages that have pictures, by place in `messages`; the `content` of such a message
    is a text about them. None: no message has any, as always unless the engine says that it `takes_images`."""
    samples: int = 1
    """How many replies to draw, never more than the `most_samples` of the engine; the first one is the text of the
    completion, and all of them are its `samples`."""
    offer: Offer | None = None
    """The tools that the model may call (`offer.tools`, `offer.choice`), and None where there are none. It is set only where
    the engine `calls_tools`; then messages may have calls and results."""


class Candidate(NamedTuple):
    """One of several replies to one request; the fields are those of a completion."""

    text: str
    reasoning: str
    stop: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(slots=True)
class Completion:
    """A model's reply to one request."""

    text: str
    """The reply, without what the server set apart as reasoning."""
    reasoning: str
    """What the server set apart as reasoning; empty if it does not."""
    stop: str
    """Why the reply ended: "stop" by itself, "length" at `max_tokens`, "overflow" where the conversation no longer fits the
    model (`text` is then empty), or the server's own word, which is recorded as it is."""
    usage: Usage
    """What the request took. `model` is the engine's name, `seed` that of the request. `started` is when the first attempt
    began; `seconds` counts the attempt that was answered, `retries` the attempts before it. Token counts are the server's,
    0 where it reports none."""
    samples: Sequence[Candidate] = ()
    """All replies, where the request wanted several; `usage` counts them together."""
    calls: tuple[ToolCall, ...] = ()
    """The calls of tools that were offered, with their arguments as the model wrote them; `text` is what it said besides."""


class Engine(AsyncResource, ABC):
    """Answers the requests of many episodes at once, on one event loop.

    `open` comes before the first request and `close` after the last one (`AsyncResource`; both do nothing by default).
    `open` reaches the server or loads the weights. It raises EngineError (no server answers, wrong key, unknown model) or
    UsageError (something is not installed, a file is missing), with one line that says what to do, and gives back what it
    took, for `close` does not follow. To open an open engine, or to close a closed one, does nothing.
    """

    name: str
    """The name of the model, as tables and records show it."""
    width: int | None = None
    """How many requests may be in flight at once; None: any number. Valid once the engine is open. The scheduler keeps to
    it, so `complete` needs no limit of its own."""
    adaptive: bool = False
    """Whether `width` is only where to begin: the scheduler then finds the best one from `load` and the pace of replies."""

    @abstractmethod
    async def complete(self, request: Request) -> Completion:
        """Answer one request. Called for many requests at once; may be cancelled at any time.

        What is the model's doing is a completion, never an error: an empty reply, a reply cut at `max_tokens`, a
        conversation that is too long ("overflow").

        Raises EngineError:

        - a Transient error (EngineTimeout, EngineBusy, EngineUnavailable) when the engine's own retries have not helped.
          Such an error is not retried: the episode stays unfinished, and `clemsim resume` plays it later. Set
          `retry_after` where the server says how many seconds to wait.
        - BadRequest when the server refuses this one request, Withheld when the provider's filter or a tool call stands in
          place of the reply: the episode stays unfinished.
        - Unauthorized or UnknownModel when it would refuse every request: the run ends, unless the engine has answered
          others and does so again.

        Any other exception is a bug and ends the run.
        """

    async def load(self) -> ServerLoad | None:
        """Return how busy the server is now, as it reports it; None where it does not report it or does not answer.

        An adaptive engine is asked twice a second while a run goes on. `running`, `waiting` and `kv_usage` are of this
        moment and, with `preemptions` and `rejections`, decide the width. The totals count since the server started, and
        shrink only when it restarts. `kv_tokens` limits how many episodes are begun. Requests of other clients count too.
        Raises nothing, and returns within seconds.
        """
        return None

    @property
    def backend(self) -> Backend:
        """What computes the replies. Engines whose backends have equal keys share its queue: turns in flight at all of them
        together are kept to one width, and only one of them is asked for its `load`. Valid once the engine is open.
        """
        return Backend(self, self.name)

    @property
    def waiting(self) -> str:
        """What is waited for, as a line for the display, where a server is lost or silent; empty: nothing unusual."""
        return ""

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise UsageError where requests cannot be sampled so: it has no switch for thinking, no fields of its own."""
        if sampling.thinking:
            raise UsageError(f"{self.name} cannot be told thinking={sampling.thinking}: this engine has no switch for it")
        if sampling.extra_body:
            raise UsageError(f"{self.name} takes no extra_body: it is no server")
        if sampling.logprobs or sampling.tokens:
            raise UsageError(f"{self.name} tells no {'logprobs' if sampling.logprobs else 'tokens'}: leave that out")

    @property
    def notices(self) -> Sequence[str]:
        """What the user must know of how requests were answered, one line each."""
        return ()

    @property
    def constrains(self) -> bool:
        """Whether decoding can be held to the `format` of a request. Valid once the engine is open."""
        return False

    @property
    def calls_tools(self) -> bool:
        """Whether the engine takes the `offer` of a request and returns calls. Where it does not, models are told of their
        tools in words, and write their calls as text. Valid once the engine is open.
        """
        return False

    @property
    def most_samples(self) -> int:
        """How many replies one request may draw. Valid once the engine is open."""
        return 1

    @property
    def takes_images(self) -> bool:
        """Whether requests may have pictures (`parts`); True also where only the server knows, and refuses if need be."""
        return False

    def describe(self) -> dict[str, Any]:
        """Return what a run records about the engine, as JSON: kind, model, server, versions; never a secret.

        A run is resumed only if the description is as it was, except for the fields `server`, `features`, `build`, `slots`
        and `context`. So an address that changes each time, or a folder of this machine, is no part of it.
        """
        return {"engine": type(self).__name__, "model": self.name}
