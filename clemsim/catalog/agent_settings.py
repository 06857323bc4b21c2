"""What one agent does otherwise than the run: `SPEC?key=value&key=value`, one grammar for every SPEC.

Values are percent-encoded where they hold `&`, `#` or `%`. `system=@FILE` takes the text out of a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from clemsim._util.files import read_text
from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.engines.address import is_secret_name
from clemsim.engines.dialects import DialectName
from clemsim.engines.thinking import Thinking, parse_thinking
from clemsim.errors import UsageError
from clemsim.runtime.agent import Agent
from clemsim.runtime.price import Price

_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TAKEN = frozenset(
    {
        "accept",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "transfer-encoding",
        "x-api-key",
    }
)
HEADER = "header."  # header.NAME=VALUE
_OF_ADDRESSES = frozenset({"api-version"})  # what an address itself may hold (Azure)


def _thinking(value: Any) -> Thinking:
    return parse_thinking(str(value)) if value != "" else ""


def _stops(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _json_object(value: Any) -> str:
    """Return a JSON object as text. Raises ValueError for what is none."""
    fields = orjson.loads(value) if isinstance(value, str) else value
    if not isinstance(fields, dict):
        raise ValueError("give a JSON object")
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()


def _free_header(name: str) -> str:
    """Return the name of a header that has no meaning of its own. Raises ValueError."""
    if name and not _HEADER.fullmatch(name):
        raise ValueError("give the name of a header, such as X-My-Session")
    if name.lower() in _TAKEN:
        raise ValueError("this header means something else")
    return name


Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class AgentSettings(BaseModel):
    """The settings of one agent; None, or empty: as the run has it. Meanings and units are those of `Sampling`.

    `name`: how tables name the agent. `system`: a text that comes before that of the seat. `seed`: added to the seed of each
    turn. `width`: most turns in flight. `price_in`, `price_cached`, `price_out`: of a million tokens; `price_hour`: of an
    hour that the run lasts. `timeout`: seconds for one attempt. `session_header`: the header that names the conversation.
    `dialect`: what the server speaks, where it cannot be found out. `calls`: "written" where calls of tools are to be text
    although the server takes tools.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Annotated[str, Field(max_length=100, pattern=r"^[^\n]*$")] = ""
    temperature: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    max_tokens: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    top_k: Annotated[int, Field(ge=-1, lt=2**31)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)] | None = None
    stop: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_stops)] | None = None
    thinking: Annotated[str | int, BeforeValidator(_thinking)] | None = None
    extra_body: Annotated[str, BeforeValidator(_json_object)] | None = None
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    tokens: bool | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    system: Annotated[str, Field(max_length=100_000)] = ""
    width: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    price_in: Amount | None = None
    price_cached: Amount | None = None
    price_out: Amount | None = None
    price_hour: Amount | None = None
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    session_header: Annotated[str, AfterValidator(_free_header)] = ""
    dialect: DialectName | None = None
    calls: Literal["written"] | None = None
    headers: dict[str, str] = Field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """Return the settings that are given, by name; one that is empty is not."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) not in (None, "", {})}

    @property
    def price(self) -> Price | None:
        """The price; None where none is given."""
        if self.given().keys() & set(PRICES):
            return Price(self.price_in or 0.0, self.price_cached, self.price_out or 0.0, self.price_hour or 0.0)
        return None

    def written(self) -> str:
        """Return the settings as they are written behind the `?` of a SPEC."""
        return "&".join(f"{name}={quote(value, safe=_UNQUOTED)}" for name, value in _pairs(self.given()))


SAMPLING = (
    "temperature", "max_tokens", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty",
    "stop", "thinking", "extra_body", "logprobs", "tokens",
)  # fmt: skip
PRICES = ("price_in", "price_cached", "price_out", "price_hour")
_OF_MODELS = frozenset({*SAMPLING, *PRICES, "seed", "system", "width", "calls"})
_OF_SERVERS = frozenset({"timeout", "headers", "session_header", "dialect"})
_UNQUOTED = "/:@,.!?'()*+;= {}[]\""


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """A SPEC taken apart: `bare` names the agent, with what its kind takes behind a `?`; `settings` are what every kind of
    agent has.
    """

    bare: str
    settings: AgentSettings = field(default_factory=AgentSettings)

    def check(self, kind: AgentKind) -> None:
        """Raise UsageError for a setting that agents of the kind do not heed."""
        heeded = {"name"}
        if "sampling" in kind.options:
            heeded |= _OF_MODELS
        if "network" in kind.options:
            heeded |= _OF_SERVERS
        own = _OF_ADDRESSES if kind.matches else frozenset[str]()
        if "flags" not in kind.options and (unknown := [key for key in _keys(self.bare) if key not in own]):
            raise UsageError(f"{kind.name} has no setting {unknown[0]!r}{_proposal(unknown[0], heeded)}")
        for name in self.settings.given():
            if name not in heeded:
                raise UsageError(f"{kind.name} takes no {name}: its settings are {', '.join(sorted(heeded))}")

    def applied(self, options: AgentOptions) -> AgentOptions:
        """Return what the command tells every agent, with what is told to this one."""
        given = self.settings.given()
        sampling = replace(options.sampling, **{name: given[name] for name in SAMPLING if given.get(name) is not None})
        network = options.network
        if self.settings.timeout:
            network = replace(network, timeout=self.settings.timeout)
        if self.settings.session_header:
            network = replace(network, session_header=self.settings.session_header)
        if self.settings.headers:
            network = replace(network, headers=(*network.headers, *self.settings.headers.items()))
        return replace(options, sampling=sampling, network=network, dialect=self.settings.dialect)

    def settle(self, agent: Agent) -> None:
        """Tell an agent, just made, what only it can heed. Raises UsageError."""
        agent.name = self.settings.name or agent.name
        own = self.settings
        if price := own.price:
            agent.price = price
        written = own.calls == "written"
        if own.system or own.seed or own.width or written:
            agent.settle(system=own.system, seed=own.seed or 0, width=own.width, written_calls=written)


def read_spec(spec: str) -> AgentSpec:
    """Take an expanded SPEC apart. Raises UsageError for a key that is unknown and a value out of range."""
    head, question, rest = spec.partition("?")
    if not question:
        return AgentSpec(spec)
    query, mark, fragment = rest.partition("#")
    given, left = dict[str, Any](), list[str]()
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "key_env":
            mark, fragment = "#", f"key_env={value}"
        elif name.startswith(HEADER):
            given.setdefault("headers", {})[_header(name.removeprefix(HEADER))] = unquote(value)
        elif name in AgentSettings.model_fields and name != "headers":
            _put(given, name, _text(name, unquote(value)))
        else:
            left.append(part)
    bare = head + (f"?{'&'.join(left)}" if left else "") + (f"{mark}{fragment}" if mark else "")
    return AgentSpec(bare, checked_settings(given, head)) if given else AgentSpec(bare)


def checked_settings(given: Mapping[str, Any], where: str) -> AgentSettings:
    """Return settings by name. Raises UsageError, which begins with `where`, for an unknown name or a value out of range."""
    try:
        return AgentSettings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise UsageError(
                f"{where}: there is no setting {name!r}{_proposal(name, AgentSettings.model_fields)}"
            ) from error
        reason = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}: {name}={str(given[name])[:60]}: {reason}") from error
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def with_settings(spec: str, settings: AgentSettings) -> str:
    """Return a SPEC with settings behind its `?`."""
    written = settings.written()
    if not written:
        return spec
    head, mark, fragment = spec.partition("#")
    return f"{head}{'&' if '?' in head else '?'}{written}{mark}{fragment}"


def without_prices(spec: str) -> str:
    """Return a SPEC without its prices, which are no part of what it plays."""
    head, question, rest = spec.partition("?")
    query, mark, fragment = rest.partition("#")
    kept = "&".join(part for part in query.split("&") if part.partition("=")[0] not in PRICES)
    return head + (question + kept if kept else "") + mark + fragment


def _pairs(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        if name == "headers":
            pairs += [(f"{HEADER}{header}", text) for header, text in value.items()]
        elif name == "stop":
            pairs += [(name, text) for text in value or ()]
        elif value is not None:
            pairs.append((name, _number(value) if isinstance(value, float) else str(value)))
    return pairs


def _number(value: float) -> str:
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _put(given: dict[str, Any], name: str, value: str) -> None:
    """Take a value; a setting is given once, but for the texts at which replies stop."""
    if name == "stop":
        given[name] = (*given.get(name, ()), value)
    elif name in given:
        raise UsageError(f"{name}={value}: it is given twice")
    else:
        given[name] = value


def _text(name: str, value: str) -> str:
    """Return the value, out of its file where a system text names one. Raises UsageError."""
    if name == "system" and value.startswith("@"):
        return read_text(Path(value[1:]).expanduser()).rstrip("\n")
    return value


def _header(name: str) -> str:
    if is_secret_name(name):
        raise UsageError(f"header.{name}: a SPEC is recorded and holds no secret: give --header '{name}: ${{VARIABLE}}'")
    return name


def _keys(spec: str) -> list[str]:
    """Return the keys behind the `?` of a SPEC without settings."""
    if "?" not in spec:
        return []
    return [part.partition("=")[0] for part in spec.partition("?")[2].partition("#")[0].split("&")]


def _proposal(name: str, known: Any) -> str:
    close = get_close_matches(name, list(known), 1)
    return f": did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"
