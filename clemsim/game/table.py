"""The table: all that a game may touch, and how it waits for replies without doing any I/O.

`ask` and `ask_all` suspend `play` with a `Batch` of pending asks; the driver sends the messages back in. The table knows
neither agents nor tasks nor clocks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from clemsim.errors import ArenaError, ParserError, UnknownSeat
from clemsim.game.content import Content, as_text, checked_parts
from clemsim.game.events import (
    Asked,
    AskedParts,
    Event,
    Forgot,
    Instructed,
    Noted,
    Parsed,
    Rejected,
    Told,
    ToldParts,
    plain,
)
from clemsim.game.formats import Format
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.parsing import Invalid, Parser, anything
from clemsim.game.tool_use import GoesOn, ToolUse
from clemsim.game.tools import NO_CALL, Offer, Tool, Tools

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

# What to say after the n-th invalid reply in a row (n counts from 1) to one question; None ends the episode.
Reask = Callable[[Invalid, int], Content | None]
# The outcome of an episode that ends with an invalid reply, where that does not abort it.
Lost = Callable[[Invalid], Outcome]

_ANY: Parser[Any] = anything()

MOST_TOLD = 300  # characters of what a parser raised, which may hold a whole reply
MOST_SHOWN = 60  # characters of what is no text
# What a seat may call: functions and tools, or these with limits of their own.
Offered = Tools | Sequence[Tool | Callable[..., object]]

_CUT = {"length": " (the reply was cut at the token limit)", "thinking": " (the reply was cut while thinking)"}
OVERFLOW = "the conversation no longer fits the model's context"


@dataclass(slots=True)
class Question(Generic[T]):
    """Something to ask a seat, which may call the `tools` first. Unless `keep`, it forgets the exchange at once; `lost`: how
    an invalid reply ends the game, if not by aborting it.
    """

    seat: str
    content: Content
    parse: Parser[T]
    reask: Reask | None = None
    keep: bool = True
    lost: Lost | None = None
    tools: Offered | None = None


@dataclass(slots=True)
class Pending:
    """An ask that waits for its reply; `offer`: the tools that may be called instead."""

    asked: Asked
    format: Format | None
    offer: Offer | None = None

    @property
    def turn(self) -> int:
        """Number of the turn in the episode, from 1."""
        return self.asked.turn

    @property
    def seat(self) -> str:
        """The seat that is asked."""
        return self.asked.seat


@dataclass(slots=True)
class Batch:
    """Asks that may be answered at once; awaiting it gives their messages in order."""

    asks: tuple[Pending, ...]

    def __await__(self) -> Generator[Batch, tuple[Message, ...], tuple[Message, ...]]:
        return (yield self)


class Abort(BaseException):
    """Unwinds `play` when a seat broke the rules, mostly with an outcome that aborts; no game should catch it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def _counting(
    method: Callable[Concatenate[Table, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Table, P], Coroutine[Any, Any, R]]:
    """Make a method of the table count its calls, which it counts back once it is awaited."""

    @wraps(method)
    def call(self: Table, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        self.unawaited += 1
        return method(self, *args, **kwargs)

    return call


@dataclass(slots=True)
class Table:
    """Where a game is played. `seats`: those of the instance; `rng` is seeded by `seed`; `in_turn` makes `ask_all` ask one
    question after another; `verbatim` gives replies to parsers as they came, without stripping them of surrounding white
    space.
    """

    seats: Sequence[str]
    seed: int
    log: Callable[[Event], None]
    max_turns: int = 10_000
    in_turn: bool = False
    verbatim: bool = False
    unawaited: int = field(default=0, init=False)  # calls of ask, try_ask and ask_all that play has not awaited so far
    _turn: int = field(default=0, init=False)
    _rng: random.Random | None = field(default=None, init=False)

    @property
    def rng(self) -> random.Random:
        """The chance of the episode. Made when it is first used: most games never use it, and it takes 2.5 kB."""
        if self._rng is None:
            self._rng = random.Random(self.seed)
        return self._rng

    def tell(self, seat: str, content: Content, echo: str = "") -> None:
        """Say something to a seat that wants no reply; it stands before the seat's next ask.

        With an `echo` such as "Ok." the seat sees the echo as its own answer to what it was told. Raises TypeError for
        what is neither text nor a tuple of parts.
        """
        self._check(seat)
        if type(content) is not str:
            content = checked_parts(content, f"what {seat} is told")
        if isinstance(content, str):
            self.log(Told(seat, content, echo))
        else:
            self.log(ToldParts(seat, as_text(content), echo, content))

    def tell_all(self, content: Content, *, but: Collection[str] = ()) -> None:
        """Say something to all seats of the episode but some."""
        for seat in but:
            self._check(seat)
        for seat in self.seats:
            if seat not in but:
                self.tell(seat, content)

    def system(self, seat: str, content: str) -> None:
        """Give a seat a system text, such as its role. It comes before all else that the seat is told or asked, and is
        never forgotten. Several make one. Raises ArenaError where it comes later, and TypeError for what is no text: a
        picture is told or asked, for no server takes one in a system text.
        """
        self._check(seat)
        _check_text(content, "the system text of %s", seat)
        self.log(Instructed(seat, content))

    def forget(self, seat: str, *, keep: int = 0, opening: bool = False) -> None:
        """Make a seat forget all but its last `keep` exchanges, and its first one where `opening`; called before every ask
        it limits a long game's history. An exchange is a reply with all that came since the reply before it; the system
        text, and what the seat was told since its last reply, stay.
        """
        self._check(seat)
        if keep < 0:
            raise ArenaError(f"table.forget keeps 0 exchanges or more, not {keep}")
        self.log(Forgot(seat, keep, opening))

    def note(self, key: str, value: object = True) -> None:
        """Write down a fact for scores and readers; no seat sees it."""
        self.log(Noted(key, plain(value)))

    @_counting
    async def ask(
        self,
        seat: str,
        content: Content,
        *,
        parse: Parser[T] | None = None,
        reask: Reask | None = None,
        keep: bool = True,
        lost: Lost | None = None,
        tools: Offered | None = None,
    ) -> T:
        """Ask a seat and return its move; an invalid reply is re-asked as `reask` says, else ends the episode with the
        outcome that `lost` says, else aborts it.

        The seat may call `tools` first: a reply with calls is a turn of its own, and so is the one after their results.
        """
        self.unawaited -= 1
        question: Question[T] = Question(seat, content, parse or _ANY, reask, keep, lost, tools)
        use, tries = self._use(question) if tools is not None or _takes_calls(question.parse) else None, 0
        while True:
            tries += 1
            ask = self._pose(question, content, use)
            (message,) = await Batch((ask,))
            try:
                return self._judge(question, ask, message, use)
            except GoesOn as calls:
                content, tries = calls.content, tries - 1
            except Invalid as problem:
                content = self._again(question, problem, tries, message)

    @_counting
    async def try_ask(self, seat: str, content: Content, *, parse: Parser[T], tools: Offered | None = None) -> T | None:
        """Ask a seat once and return its move; None where the reply is invalid, and the game goes on. The seat may call
        `tools` first.

        A conversation that no longer fits the model's context aborts the episode.
        """
        self.unawaited -= 1
        question = Question(seat, content, parse, tools=tools)
        use = self._use(question)
        while True:
            ask = self._pose(question, content, use)
            (message,) = await Batch((ask,))
            try:
                return self._judge(question, ask, message, use)
            except GoesOn as calls:
                content = calls.content
            except Invalid as problem:
                if message.stop == "overflow":
                    self._again(question, problem, 1, message)
                return None

    @_counting
    async def ask_all(self, questions: Iterable[Question[T]]) -> list[T]:
        """Ask several questions at once and return the moves in order. To one seat, several need `keep=False`."""
        self.unawaited -= 1
        todo = list(enumerate(questions))
        for _, question in todo:
            if not isinstance(question, Question):
                raise ArenaError(f"ask_all takes a Question(seat, text, parse) for each ask, not {question!r}")
        if self.in_turn and len(todo) > 1:
            return [(await self.ask_all([question]))[0] for _, question in todo]
        self._check_apart([question for _, question in todo])
        contents = {index: question.content for index, question in todo}
        uses = {index: self._use(question) for index, question in todo}
        moves: dict[int, T] = {}
        tries = dict.fromkeys(contents, 0)
        while todo:
            pending = tuple(self._pose(question, contents[index], uses[index]) for index, question in todo)
            again: list[tuple[int, Question[T]]] = []
            for (index, question), ask, message in zip(todo, pending, await Batch(pending), strict=True):
                try:
                    moves[index] = self._judge(question, ask, message, uses[index])
                except GoesOn as calls:
                    contents[index] = calls.content
                    again.append((index, question))
                except Invalid as problem:
                    tries[index] += 1
                    contents[index] = self._again(question, problem, tries[index], message)
                    again.append((index, question))
            todo = again
        return [moves[index] for index in sorted(moves)]

    def _use(self, question: Question[Any]) -> ToolUse | None:
        """Return the use of the tools of a question; None where nothing may be called."""
        tools = question.tools
        if tools is None and not _takes_calls(question.parse):
            return None
        if tools is not None and not isinstance(tools, Tools):
            tools = Tools.of(*tools)
        return ToolUse(question.seat, question.parse, tools, self.log, keep=question.keep)

    def _pose(self, question: Question[Any], content: Content, use: ToolUse | None) -> Pending:
        self._check(question.seat)
        if not isinstance(question.parse, Parser):
            raise ArenaError(f'parse is a Parser, such as tagged("CLUE:") or Parser(read), not {question.parse!r}')
        if question.reask is not None and not callable(question.reask):
            raise ArenaError(f"reask is a function (problem, tries) that returns what to say, not {question.reask!r}")
        if type(content) is not str:
            content = checked_parts(content, f"what {question.seat} is asked")
        self._turn += 1
        if self._turn > self.max_turns:
            raise ArenaError(f"play asked more than {self.max_turns} turns: every game must end")
        if use is not None:
            return self._offer(use, content)
        if isinstance(content, str):
            asked = Asked(self._turn, question.seat, content, question.keep)
        else:
            asked = AskedParts(self._turn, question.seat, as_text(content), question.keep, content)
        self.log(asked)
        return Pending(asked, question.parse.format)

    def _offer(self, use: ToolUse, content: Content) -> Pending:
        asked = use.ask(self._turn, content)
        self.log(asked)
        return Pending(asked, use.format, use.offer)

    def _judge(self, question: Question[T], ask: Pending, message: Message, use: ToolUse | None) -> T:
        if use is not None and message.stop != "overflow" and (calls := use.calls(message)):
            move: T = use.take(ask.turn, calls)
            return move
        try:
            if message.stop == "overflow":
                raise Invalid(OVERFLOW)
            if use is not None and use.must_call:
                raise Invalid(NO_CALL)
            move = question.parse.read(message.content if self.verbatim else message.content.strip())
            storable = plain(move)
        except Invalid as problem:
            self.log(Rejected(ask.turn, problem.reason, problem.violation))
            raise
        except ArenaError:
            raise
        except Exception as error:  # whatever a reply may bring about in a parser
            what = f"{type(error).__name__}: {str(error)[:MOST_TOLD]}"
            raise ParserError(f"the parser of turn {ask.turn} ({ask.seat}) raised {what}") from error
        self.log(Parsed(ask.turn, storable))
        return move

    def _again(self, question: Question[Any], problem: Invalid, tries: int, message: Message) -> Content:
        """Return what to say next. Raises Abort where there is nothing more to say."""
        more = question.reask(problem, tries) if question.reask and message.stop != "overflow" else None
        if more is None and question.lost and message.stop != "overflow":
            raise Abort(question.lost(problem))
        if more is None:
            raise Abort(Outcome.aborted(problem.reason + _CUT.get(message.stop, ""), blame=question.seat))
        return more

    def _check(self, seat: str) -> None:
        if seat not in self.seats:
            raise UnknownSeat(f"there is no seat {seat!r}, only {', '.join(self.seats)}")

    def _check_apart(self, questions: Sequence[Question[Any]]) -> None:
        kept = [question.seat for question in questions if question.keep]
        if len(questions) > 1 and len(kept) > len(set(kept)):
            raise ArenaError("several questions at once to one seat need keep=False")


def _takes_calls(parse: Parser[Any]) -> bool:
    """Return whether a call may be the move. What is no parser is refused where the question is posed."""
    return isinstance(parse, Parser) and bool(parse.moves)


def _check_text(content: object, what: str, seat: str) -> None:
    """Raise TypeError for what is no text: it would be sent to a model piece by piece, or as nonsense."""
    if not isinstance(content, str):
        raise TypeError(f"{what % seat} is text (str), not {type(content).__name__}: {str(content)[:MOST_SHOWN]}")
