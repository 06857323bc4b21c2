"""What an agent must keep to. Its author's mistakes are one line, with his file and line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import TYPE_CHECKING, Any

import orjson

from clemsim.engines.base import Completion, Engine
from clemsim.errors import AgentError, ClemsimError
from clemsim.game.messages import Message, Usage

if TYPE_CHECKING:
    from clemsim.runtime.agent import Agent

MESSAGE = {"content": str, "reasoning": str, "stop": str, "usage": Usage}
COMPLETION = {"text": str, "reasoning": str, "stop": str, "usage": Usage}


def check_agent(agent: Agent) -> None:
    """Raise AgentError where an agent has no name, or a width that is no number of replies."""
    kind, name = type(getattr(agent, "engine", agent)), getattr(agent, "name", None)
    if not (isinstance(name, str) and name):
        text = f'{kind.__name__} has no name: write name = "..." in the class, or set self.name (str) in its constructor'
        raise AgentError(text).in_class(kind)
    width: object = agent.width
    if width is not None and (not isinstance(width, int) or width < 1):
        text = f"{kind.__name__}: width is how many replies it gives at once, a number from 1 or None, not {width!r}"
        raise AgentError(text).in_class(kind)


def described(agent: Agent) -> dict[str, Any]:
    """Return what an agent says of itself. Raises AgentError where that is no mapping that could be written down."""
    with calling(agent, "describe"):
        about = agent.describe()
    if not isinstance(about, Mapping):
        raise _about(agent, "describe", f"describe returns a dict, not {type(about).__name__}")
    try:
        orjson.dumps(about)
    except TypeError as error:
        raise _about(agent, "describe", f"describe returns what JSON can hold: {error}") from None
    return about


@contextmanager
def calling(agent: Agent, method: str) -> Iterator[None]:
    """Make an AgentError of what the author's method raises in the block; an error of clemsim or of the system stays."""
    try:
        yield
    except (ClemsimError, OSError):
        raise
    except Exception as error:
        raise agent_bug(agent, method, error) from error


def agent_bug(agent: Agent, method: str, error: Exception) -> AgentError:
    """Return the error for what a method of an agent has raised; raise it from that."""
    not_awaitable = isinstance(error, TypeError) and "used in 'await' expression" in str(error)
    if not_awaitable and not inspect.iscoroutinefunction(getattr(agent, method)):
        return _about(agent, method, f"{method} is no coroutine: write `async def {method}`")
    said = f"raised {type(error).__name__}: {error}"
    return AgentError(f"agent {agent.name} {said if method == 'reply' else f'cannot {method}: it {said}'}")


def check_message(agent: Agent, message: object) -> Message:
    """Return what an agent has replied. Raises AgentError for what is no message, or holds something of another type."""
    if not isinstance(message, Message):
        text = f"reply returned {type(message).__name__}: write `return Message(view.seat, text)`"
        raise _about(agent, "reply", text)
    right = isinstance(message.content, str) and isinstance(message.reasoning, str) and isinstance(message.stop, str)
    if not right or not isinstance(message.usage, Usage | None):
        raise _about(agent, "reply", _wrong(message, MESSAGE))
    return message


def check_completion(engine: Engine, completion: object) -> Completion:
    """Return what an engine has answered. Raises AgentError for no completion, or what is in it of another type."""
    if not isinstance(completion, Completion):
        text = f"complete returned {type(completion).__name__}: write `return Completion(text, reasoning, stop, usage)`"
        raise _about(engine, "complete", text)
    right = isinstance(completion.text, str) and isinstance(completion.reasoning, str) and isinstance(completion.stop, str)
    if not right or not isinstance(completion.usage, Usage):
        raise _about(engine, "complete", _wrong(completion, COMPLETION))
    return completion


def _wrong(returned: object, fields: Mapping[str, type]) -> str:
    """Return the first field of what was returned that is of another type."""
    wrong = next(name for name, kind in fields.items() if not isinstance(getattr(returned, name), kind))
    found, kind = type(returned).__name__, type(getattr(returned, wrong)).__name__
    return f"{wrong} of a {found} is a {fields[wrong].__name__}, not {kind}"


def _about(author: Agent | Engine, method: str, text: str) -> AgentError:
    error = AgentError(f"agent {author.name}: {text}")
    code = getattr(inspect.unwrap(getattr(author, method)), "__code__", None)
    return error.in_code(code) if isinstance(code, CodeType) else error
