"""What the table makes of replies that call tools: it runs them, and the seat goes on until it replies with a move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from clemsim.errors import ArenaError, ParserError
from clemsim.game.content import Content, as_text
from clemsim.game.encodable import encodable
from clemsim.game.events import (
    Asked,
    AskedParts,
    Continued,
    ContinuedParts,
    Event,
    Parsed,
    Rejected,
    Replied,
    Returned,
    plain,
)
from clemsim.game.formats import Format
from clemsim.game.messages import MODERATOR, TOOL, Message
from clemsim.game.parsing import Invalid, Parser
from clemsim.game.tool_calls import ToolCall, read_written
from clemsim.game.tools import Offer, Tool, Tools, check_names

TAKEN = "Ok."  # the result of a call that is the move
NOT_RUN = "This call was not run."
NONE_LEFT = "no calls of tools are left"


class GoesOn(Exception):
    """The calls of a reply were run, and the seat goes on; `content` is what it is told besides their results."""

    def __init__(self, content: str) -> None:
        super().__init__(content)
        self.content = content


class ToolUse:
    """The tools of one question while it is open: what may be called, how many calls are left, what came of each."""

    __slots__ = ("_after", "_keep", "_left", "_log", "_moves", "_parse", "_seat", "_tools")

    def __init__(
        self, seat: str, parse: Parser[Any], tools: Tools | None, log: Callable[[Event], None], *, keep: bool
    ) -> None:
        """Offer `tools`, and those of the parser whose calls are moves. Raises ArenaError where two have one name."""
        self._seat, self._parse, self._keep, self._log = seat, parse, keep, log
        self._tools = tools
        self._moves = {move.name: move for move in parse.moves}
        self._left = tools.most if tools else 0
        self._after = 0  # the turn whose calls have just been answered; 0: none
        check_names(self._offered)

    @property
    def _offered(self) -> tuple[Tool, ...]:
        return (*(self._tools.tools if self._tools else ()), *self._parse.moves)

    @property
    def offer(self) -> Offer:
        """What may be called now."""
        if not self._left and not self._moves:
            return Offer(self._offered, "none")
        return Offer(self._offered, "required" if self.must_call else "auto")

    @property
    def must_call(self) -> bool:
        """Whether a reply must be a call now."""
        made = self._tools.most - self._left if self._tools else 0
        return not self._parse.texts or (self._tools is not None and made < self._tools.least)

    @property
    def format(self) -> Format | None:
        """What a reply can be held to now."""
        return self.offer.format(self._parse.format)

    def ask(self, turn: int, content: Content) -> Asked:
        """Return the next ask, which goes on after calls where there were some."""
        after, self._after = self._after, 0
        if not isinstance(content, str):
            about = (turn, self._seat, as_text(content), self._keep)
            return ContinuedParts(*about, after=after, parts=content) if after else AskedParts(*about, content)
        if after:
            return Continued(turn, self._seat, content, self._keep, after)
        return Asked(turn, self._seat, content, self._keep)

    def calls(self, message: Message) -> tuple[ToolCall, ...]:
        """Return the calls of a reply: those that the server took out of it, else those that it writes."""
        return message.calls or read_written(message.content)

    def take(self, turn: int, calls: Sequence[ToolCall]) -> Any:
        """Run the calls of a reply in order, and return the move if one of them is it.

        Raises GoesOn where the seat goes on, Invalid where the calls break the rules, ParserError for what a tool raises.
        """
        self._after = turn
        any_left = self._left > 0
        for place, call in enumerate(calls):
            try:
                if call.tool not in self._moves:
                    self._run(turn, call, told=any_left)
                    continue
                move = self._move(turn, call)
            except Invalid as problem:
                self._return(turn, call, problem.reason, failed=True)
                self._leave(turn, calls[place + 1 :])
                self._log(Rejected(turn, problem.reason, problem.violation))
                raise
            self._leave(turn, calls[place + 1 :])
            self._log(Parsed(turn, {"tool": call.tool, "arguments": plain(call.values)}))
            return move
        used_up = self._tools is not None and not self._left and not self._moves
        raise GoesOn(self._tools.used_up if self._tools and used_up else "")

    def _move(self, turn: int, call: ToolCall) -> Any:
        """Return the move of a call. Raises Invalid."""
        take = self._parse.take
        if take is None:
            raise ArenaError("a parser with moves has a function `take` that makes a move of a call: use calling(...)")
        arguments = self._moves[call.tool].read(call)
        with _guarded(f"the parser of turn {turn} ({self._seat})"):
            move = take(arguments)
        if call.id:  # a server wants a result for each of its calls
            self._return(turn, call, TAKEN)
        return move

    def _run(self, turn: int, call: ToolCall, *, told: bool) -> None:
        """Run a tool, and return its result to the seat. Raises Invalid where the call breaks the rules; that it is one of
        more calls than are left, or a bad one, is `told` to the seat where the game wants it so.
        """
        tools = self._tools
        told = told and tools is not None and tools.bad == "tell"
        tool = next((tool for tool in tools.tools if tool.name == call.tool), None) if tools else None
        try:
            if tool is None:
                names = ", ".join(tool.name for tool in self._offered)
                raise Invalid(f"there is no tool {call.tool!r}, only {names}")
            if not self._left:
                raise Invalid(NONE_LEFT)
            arguments = tool.read(call)
        except Invalid as problem:
            if not told:
                raise
            self._left = max(0, self._left - 1)
            self._return(turn, call, problem.reason, failed=True)
            return
        self._left -= 1
        with _guarded(f"the tool {tool.name} in turn {turn} ({self._seat})"):
            try:
                self._return(turn, call, encodable(tool.result(arguments)))
            except Invalid as problem:
                self._return(turn, call, problem.reason, failed=True)

    def _leave(self, turn: int, calls: Sequence[ToolCall]) -> None:
        """Say of calls that they were not run."""
        for call in calls:
            self._return(turn, call, NOT_RUN, failed=True)

    def _return(self, turn: int, call: ToolCall, content: str, *, failed: bool = False) -> None:
        try:
            arguments = plain(call.values)
        except (ValueError, TypeError):
            arguments = call.arguments
        self._log(Returned(turn, self._seat, call.tool, arguments, content, failed, call.id, self._keep))


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Make whatever is raised within, `Invalid` and the author's mistakes apart, a ParserError: a reply brings it about."""
    try:
        yield
    except (Invalid, ArenaError):
        raise
    except Exception as error:
        raise ParserError(f"{what} raised {type(error).__name__}: {str(error)[:300]}") from error


def seen_result(result: Returned) -> Message:
    """Return the result of a call as its seat sees it."""
    text = result.arguments if isinstance(result.arguments, str) else ToolCall.of(result.tool, **result.arguments).arguments
    return Message(TOOL, result.content, calls=(ToolCall(result.tool, text, result.id),))


def seen_aside(events: Sequence[Event], turn: int) -> list[Message]:
    """Return what a seat sees of the exchange that a turn goes on with, and of which it will remember nothing."""
    return list(_aside(events, _chain(events, turn)))


def _chain(events: Sequence[Event], turn: int) -> set[int]:
    """Return the turns that one turn goes on after, and itself."""
    chain = {turn}
    for event in reversed(events):
        if isinstance(event, Continued) and event.turn in chain:
            chain.add(event.after)
    return chain


def _aside(events: Sequence[Event], turns: set[int]) -> Iterator[Message]:
    for event in events:
        if isinstance(event, Asked) and event.turn in turns and event.content:
            yield Message(MODERATOR, event.content, parts=event.parts)
        elif isinstance(event, Replied) and event.turn in turns:
            yield said(event)
        elif isinstance(event, Returned) and event.turn in turns:
            yield seen_result(event)


def said(reply: Replied) -> Message:
    """Return a recorded reply as its seat sees it."""
    calls: tuple[ToolCall, ...] = getattr(reply, "calls", ())
    return Message(reply.seat, reply.content, calls=calls)
