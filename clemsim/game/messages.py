"""Messages: immutable utterances, each with its author, and the usage of the request behind one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from clemsim.game.tool_calls import ToolCall

from clemsim.game.content import Image, Part, images_of

MODERATOR = "moderator"
SYSTEM = "system"  # author of the system text of a seat
TOOL = "tool"  # author of the result of a call


class StreamTiming(NamedTuple):
    """When the parts of a streamed reply arrived. Times in seconds of the monotonic clock."""

    sent: float
    times: Sequence[float]  # of each event that brought tokens
    ended: float
    events: int  # how many came, also those that brought none


@dataclass(slots=True)  # not frozen: one is made for every turn, and freezing costs more than making
class Usage:
    """The usage of one request. Times in seconds, `started` since the epoch; tokens as the server counts them.

    `queued` and `first_token` are the server's own times, where it tells them: in its queue, and from there to the first
    token. `replica` says which of several servers answered. Of a turn that was `batched` with others, `tokens_in` is its
    share of theirs by length, and cached tokens are not known. `timing` is set where the reply was streamed. `details`,
    where there are any: `tokens_thought` of those out, `logprobs` of the reply (token, log-probability, the likeliest tokens
    with theirs), `token_ids` of prompt and reply, `candidates` among which an agent chose.
    """

    model: str
    seed: int
    started: float
    seconds: float
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    retries: int = 0
    fingerprint: str = ""
    replica: str = ""
    queued: float | None = None
    first_token: float | None = None
    batched: bool = False
    timing: StreamTiming | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance. `reasoning`: what a model thought aloud; recorded, never part of the move nor sent back.

    `stop` says why a reply ended: "stop" by itself, "length" cut at the token limit, "thinking" cut there before the model
    had begun to reply, "overflow" not begun because the conversation was too long for the model, or another word of the
    server's own. The first four are facts about the model, not faults of the infrastructure. `parts`: what a
    message with pictures consists of, of which `content` is the text; empty in one without.

    `calls`: the calls of tools in a reply; of a message of TOOL, the call whose result it is.
    """

    author: str
    content: str
    reasoning: str = ""
    stop: str = "stop"
    usage: Usage | None = None
    parts: tuple[Part, ...] = ()
    calls: tuple[ToolCall, ...] = ()

    @property
    def said(self) -> str:
        """Its content and, of a reply, its calls of tools in the written form."""
        calls = self.calls if self.author != TOOL else ()
        return "\n".join([*([self.content] if self.content or not calls else ()), *(call.written for call in calls)])

    @property
    def images(self) -> tuple[Image, ...]:
        """Its pictures, in order."""
        return images_of(self.parts)
