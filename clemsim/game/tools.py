"""Tools that a seat may call: made of typed functions, which the game runs, or of pydantic models, whose calls are moves.

def stock(item: str, warehouse: Literal["north", "south"]) -> int:
    '''How many of an item are in a warehouse.'''
    return shelves[warehouse].get(item, 0)

answer = await table.ask("clerk", "Who can send 40 bolts?", parse=tagged("ANSWER:"), tools=[stock])
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import FunctionType
from typing import Any, Literal, TypeAlias, TypeVar, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError

from clemsim.errors import ArenaError
from clemsim.game.events import plain
from clemsim.game.formats import LETTERS, Characters, Format, either, literal
from clemsim.game.json_formats import format_of
from clemsim.game.parsing import Invalid, Parser
from clemsim.game.tool_calls import MOST_NAME, ToolCall

M = TypeVar("M", bound=BaseModel)
U = TypeVar("U")
Choice: TypeAlias = Literal["auto", "required", "none", "past"]

MOST_TOLD = 300  # characters of what is wrong with a call
USED_UP = "You may call no more tools. Reply now."
NO_CALL = "the reply is no call of a tool"
CALLS = 10  # of tools, in one ask, unless the game says otherwise
_VALID = re.compile(r"[A-Za-z0-9_-]+")
_STRICT = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool. `run` takes the arguments, as the model of the parameters, and returns the result: text, or what JSON holds.

    Raises ArenaError for a name that servers do not take, and parameters that are no pydantic model.
    """

    name: str
    description: str
    parameters: type[BaseModel]
    run: Callable[[Any], object] | None = None

    def __post_init__(self) -> None:
        if not _VALID.fullmatch(self.name) or len(self.name) > MOST_NAME:
            raise ArenaError(f"a tool is named with up to {MOST_NAME} of the characters A-Z a-z 0-9 _ -, not {self.name!r}")
        if not (isinstance(self.parameters, type) and issubclass(self.parameters, BaseModel)):
            raise ArenaError(f"the parameters of the tool {self.name} are a pydantic model, not {self.parameters!r}")
        if inspect.iscoroutinefunction(self.run):
            raise ArenaError(f"the tool {self.name} is a plain function, that of a game: write def, not async def")

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its parameters."""
        return _schema(self.parameters)

    @property
    def format(self) -> Format:
        """The format of a call in the written form."""
        return _written_format(self.name, self.parameters)

    def read(self, call: ToolCall) -> BaseModel:
        """Return the arguments of a call. Raises Invalid with the first thing that is wrong with them."""
        try:
            values = call.values
        except ValueError:
            raise Invalid(f"the arguments of {self.name} are no JSON object") from None
        try:
            return self.parameters.model_validate_json(json.dumps(values))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Invalid(f"{self.name}: {place}: {first['msg']}"[:MOST_TOLD]) from None
        except (ValueError, RecursionError):
            raise Invalid(f"the arguments of {self.name} cannot be read") from None

    def result(self, arguments: BaseModel) -> str:
        """Return the result of a call as the seat sees it."""
        if self.run is None:
            raise ArenaError(f"the tool {self.name} has no function: Tool(..., run=function)")
        result = self.run(arguments)
        return result if isinstance(result, str) else json.dumps(plain(result), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of an ask. `least`: so many calls come before the reply. `most`: how many the game runs before the seat must
    reply; `used_up` is what the seat is told then. `bad`: whether a call of no such tool, or with bad arguments, gets what
    is wrong with it as its result ("tell"), or is a reply that breaks the format ("violation").
    """

    tools: tuple[Tool, ...]
    most: int = CALLS
    bad: Literal["tell", "violation"] = "tell"
    used_up: str = USED_UP
    least: int = 0

    @classmethod
    def of(
        cls,
        *tools: Tool | Callable[..., object],
        most: int = CALLS,
        bad: Literal["tell", "violation"] = "tell",
        used_up: str = USED_UP,
        least: int = 0,
    ) -> Tools:
        """Return the tools that are made of typed functions, or are given. Raises ArenaError where there are none, two have
        one name, or one has no function.
        """
        made = tuple(each if isinstance(each, Tool) else tool(each) for each in tools)
        if not 0 <= least <= most or most < 1 or bad not in ("tell", "violation"):
            given = f"{least!r}, {most!r} and {bad!r}"
            raise ArenaError(f'Tools: 0 <= least <= most, most is 1 or more, bad is "tell" or "violation", not {given}')
        for each in made:
            if each.run is None:
                raise ArenaError(f"the tool {each.name} has no function; for calls that are moves: parse=calling(Model)")
        check_names(made)
        return cls(made, most, bad, used_up, least)


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools that a model may call now. `choice`: "auto" as it likes; "required" for the reply must be a call; "none"
    where no calls are left; "past" where they were offered earlier in the conversation, and are not now.
    """

    tools: tuple[Tool, ...]
    choice: Choice = "auto"

    def format(self, reply: Format | None) -> Format | None:
        """Return the format of a call in the written form, or of a reply of this format (None: any line of text)."""
        if self.choice in ("none", "past"):
            return reply
        calls = [tool.format for tool in self.tools]
        return either(*calls) if self.choice == "required" else either(*calls, reply or _LINE)


def tool(function: Callable[..., object]) -> Tool:
    """Return a tool that is a typed function: its name, its docstring, its parameters. Raises ArenaError."""
    if isinstance(function, type) and issubclass(function, BaseModel):
        raise ArenaError(f"{function.__name__} is a model: for calls that are moves, parse=calling({function.__name__})")
    if not isinstance(function, FunctionType):
        raise ArenaError(f"a tool is a function or a Tool, not {function!r}")
    parameters = _parameters(function)

    def run(arguments: BaseModel) -> object:
        return function(**{name: getattr(arguments, name) for name in type(arguments).model_fields})

    if inspect.iscoroutinefunction(function):
        raise ArenaError(f"the tool {function.__name__} is a plain function, that of a game: write def, not async def")
    return Tool(function.__name__, inspect.getdoc(function) or "", parameters, run)


@overload
def calling(*models: type[M]) -> Parser[M]: ...
@overload
def calling(*models: type[M], text: Parser[U]) -> Parser[M | U]: ...
def calling(*models: type[M], text: Parser[U] | None = None) -> Parser[M] | Parser[M | U]:
    """Return the parser of a reply that is a call; its move is the call's arguments, an object of one of these models.

    Each model is offered as a tool, by the name of its class in lower case with _ between words, and its docstring. With
    `text`, replies that are no call are read by that parser.
    """
    moves = tuple(_move(model) for model in models)
    check_names(moves)
    if text is None:
        return Parser(_no_text, None, moves, _same, texts=False)
    return Parser(text.read, text.format, moves, _same)


def _same(move: Any) -> Any:
    return move


def _no_text(reply: str) -> Any:
    raise Invalid(NO_CALL)


def check_names(tools: Sequence[Tool]) -> None:
    """Raise ArenaError where there is no tool, or two have one name."""
    names = [each.name for each in tools]
    if not names:
        raise ArenaError("no tool was given: tools=[function], calling(Model)")
    if len(set(names)) < len(names):
        raise ArenaError(f"two tools have the same name: {', '.join(names)}")


@cache
def _move(model: type[BaseModel]) -> Tool:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()
    return Tool(name, inspect.cleandoc(model.__doc__ or ""), model)


def _parameters(function: FunctionType) -> type[BaseModel]:
    """Return the model of the parameters of a function; the same for one that is defined anew in each episode."""
    annotations = tuple(function.__annotations__.items())
    try:
        return _cached_parameters(_Source(function.__code__, annotations, function.__defaults__, function))
    except TypeError:  # an annotation or a default that has no hash
        return _made_parameters(function)


@dataclass(frozen=True, slots=True)
class _Source:
    """What the parameters of a function depend on, and the first function that had it."""

    code: object
    annotations: tuple[tuple[str, Any], ...]
    defaults: tuple[Any, ...] | None
    function: FunctionType = field(compare=False)


@lru_cache(maxsize=512)
def _cached_parameters(source: _Source) -> type[BaseModel]:
    return _made_parameters(source.function)


def _made_parameters(function: FunctionType) -> type[BaseModel]:
    name = function.__name__
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        text = f"the tool {name}: {error}: annotate its parameters with what its module defines, or make a Tool(...)"
        raise ArenaError(text).in_code(function.__code__) from None
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in hints or parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            text = f"the tool {name}: its parameter {parameter.name!r} needs a type, such as {parameter.name}: str"
            raise ArenaError(text).in_code(function.__code__)
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    try:
        made: type[BaseModel] = create_model(name, __config__=_STRICT, **fields)
        made.model_json_schema()
    except (PydanticUserError, NameError, TypeError) as error:
        first = str(error).splitlines()[0]
        raise ArenaError(f"the tool {name}: its parameters cannot be read from JSON: {first}").in_code(
            function.__code__
        ) from None
    return made


@lru_cache(maxsize=512)
def _schema(parameters: type[BaseModel]) -> dict[str, Any]:
    schema = parameters.model_json_schema()
    schema.pop("description", None)
    plain_schema: dict[str, Any] = _untitled(schema)
    return plain_schema


def _untitled(schema: Any, *, names: bool = False) -> Any:
    """Return a schema without the titles that pydantic makes of names, which tell a model nothing."""
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _untitled(value, names=key in ("properties", "$defs") and not names)
        for key, value in schema.items()
        if names or key != "title"
    }


@lru_cache(maxsize=512)
def _written_format(name: str, parameters: type[BaseModel]) -> Format:
    return literal(f'{{"tool": "{name}", "arguments": ') + format_of(_schema(parameters)) + literal("}")


# A line of text that is no call.
_LINE = Format(
    "[^\\s{][^\\n]{0,299}", "[^ \\t\\r\\n{] [^\\n]{0,299}", (Characters(LETTERS, 1, 1), Characters(LETTERS + "   ", 0, 299))
)
