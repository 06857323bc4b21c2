"""Every error of clemsim, by culprit.

ClemsimError
├── ArenaError        the game's author     the run stops, loudly
│   ├── ForbiddenAwait    `play` awaited something that is not the table
│   ├── UnknownSeat       `play` named a seat that the arena does not have
│   ├── BadInstance       an instance does not fit the arena
│   ├── ReplayMismatch    a re-driven episode asks something else than was recorded
│   └── ParserError       a reply broke a parser: only that episode stays unfinished, resumable once it is mended
├── AgentError        the agent's author    the run stops, loudly
├── EngineError       the infrastructure    the episode stays unfinished, resumable, never scored
│   ├── Transient         EngineTimeout, EngineBusy, EngineUnavailable   (the only ones retried)
│   └── Permanent         BadRequest, Withheld, UnknownModel, Unauthorized   (the last two end a run that was never answered)
├── LimitReached      the user's own limit  the episode stays unfinished, resumable
├── StoreError        a run cannot be read or written
└── UsageError        wrong command line or configuration: one line that says what to do

A model's message that breaks the rules of a game is no error: see `parsing.Invalid`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from traceback import FrameSummary
from types import CodeType
from typing import Self


def describe_frame(frame: FrameSummary) -> Iterator[str]:
    """Yield file, line and source line of a frame, as Python's tracebacks write them."""
    yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    if frame.line:
        yield f"    {frame.line}"


class ClemsimError(Exception):
    """Base of all. `where` names episode, seat and turn once they are known; `others` are errors raised beside it.

    `frames`: the lines of the author's frames, where no traceback shows them.
    """

    where: str = ""
    others: tuple[BaseException, ...] = ()
    frames: tuple[str, ...] = ()

    def at(self, episode: str, seat: str = "", turn: int | None = None) -> ClemsimError:
        """Add the place where the error happened; the first, most precise, place stays."""
        if not self.where:
            parts = [episode, seat, "" if turn is None else f"turn {turn}"]
            self.where = ", ".join(part for part in parts if part)
        return self

    def also(self, other: BaseException) -> ClemsimError:
        """Add an error that was raised beside this one, so that the message tells both."""
        self.others = (*self.others, other)
        return self

    def in_code(self, code: CodeType, line: int | None = None) -> Self:
        """Add the function that is to be mended, or a line in it."""
        frame = FrameSummary(code.co_filename, line or code.co_firstlineno, code.co_name)
        self.frames = self.frames or tuple(describe_frame(frame))
        return self

    def in_class(self, kind: type) -> Self:
        """Add the class that is to be mended."""
        with suppress(OSError, TypeError):  # it was made without a file
            lines, first = inspect.getsourcelines(kind)
            frame = FrameSummary(inspect.getfile(kind), first, kind.__name__, line=lines[0])
            self.frames = self.frames or tuple(describe_frame(frame))
        return self

    def __str__(self) -> str:
        text = super().__str__()
        place = f" ({self.where})" if self.where else ""
        return text + place + "".join(f"; also: {other}" for other in self.others)


class ArenaError(ClemsimError):
    """The game's author made a mistake."""


class ForbiddenAwait(ArenaError):
    """`play` awaited something that is not the table."""


class UnknownSeat(ArenaError):
    """`play` named a seat that the arena does not have."""


class BadInstance(ArenaError):
    """An instance does not fit the arena."""


class ReplayMismatch(ArenaError):
    """A re-driven episode asks something else than was recorded."""


class ParserError(ArenaError):
    """A parser raised something other than `Invalid` because of a reply. It ends that episode, not the run."""

    cause = "parser error"


class AgentError(ClemsimError):
    """The agent's author made a mistake."""


class EngineError(ClemsimError):
    """The infrastructure failed; the model is not to blame. `retries`: the attempts that were made after the first one."""

    cause = "engine"
    retries: int = 0


class Transient(EngineError):
    """May go away by itself. `retry_after`: seconds that the server asked to wait, if it did."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EngineTimeout(Transient):
    """No answer in time."""

    cause = "timeout"


class EngineBusy(Transient):
    """The server turned the request away for now (429, 503)."""

    cause = "busy"


class EngineUnavailable(Transient):
    """The server cannot be reached or its answer cannot be used."""

    cause = "unavailable"


class Permanent(EngineError):
    """Trying again will not help. `alone`: the server answers other requests, so it concerns this one alone."""

    alone = False


class BadRequest(Permanent):
    """The server refused the request."""

    cause = "bad request"


class Withheld(Permanent):
    """The provider withheld the reply; `cause` says how: "filtered", or "tool call" where one came instead of a text."""

    cause = "filtered"

    def __init__(self, message: str, cause: str = "filtered") -> None:
        super().__init__(message)
        self.cause = cause


class UnknownModel(Permanent):
    """The server does not serve this model."""

    cause = "unknown model"


class Unauthorized(Permanent):
    """The key is missing or wrong."""

    cause = "unauthorized"


class LimitReached(ClemsimError):
    """A limit that the user has set; `cause` names it."""

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class StoreError(ClemsimError):
    """A run cannot be read or written."""


class UsageError(ClemsimError):
    """The command line or a configuration is wrong; says what to do."""
