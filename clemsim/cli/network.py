"""The options of commands that reach servers, made into one `NetworkOptions`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_type_hints

import typer

from clemsim.cli.common import one_line
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# What the clients set themselves.
_TAKEN = ("host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding")

HeaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="NAME: VALUE",
        help="Send this header to every server, too; ${VAR} stands for a variable of the environment; repeat.",
    ),
]
CaFileOption = Annotated[
    str | None,
    typer.Option("--ca-file", metavar="FILE", envvar="CLEMSIM_CA_FILE", help="Also trust these certificates (PEM)."),
]
TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", min=0.001, envvar="CLEMSIM_TIMEOUT", help="Most time for one attempt."),
]
IdleTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--idle-timeout",
        metavar="SECONDS",
        min=0.001,
        envvar="CLEMSIM_IDLE_TIMEOUT",
        help="Most time without a byte; a server sends none before a reply is complete.",
    ),
]
PatienceOption = Annotated[
    float,
    typer.Option(
        "--patience", metavar="SECONDS", min=0.0, envvar="CLEMSIM_PATIENCE", help="Wait so long for a server that is lost."
    ),
]

HEADERS = (("header", HeaderOption, None), ("ca_file", CaFileOption, None))
TIMES = (
    ("timeout", TimeoutOption, NetworkOptions().timeout),
    ("idle_timeout", IdleTimeoutOption, None),
    ("patience", PatienceOption, NetworkOptions().patience),
)


def takes_network(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command with a parameter `network` the options that it is made of."""
    return _taking(command, (*TIMES, *HEADERS))


def takes_headers(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command with a parameter `network` the options that it is made of, but for time limits."""
    return _taking(command, HEADERS)


def _taking(command: Callable[..., None], options: Sequence[tuple[str, Any, Any]]) -> Callable[..., None]:
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY)
        for name, parameter in signature(command).parameters.items()
        if name != "network"
    ]
    more = [Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint) for name, hint, default in options]

    @wraps(command)
    def wrapped(**values: Any) -> None:
        given = {name: values.pop(name) for name, _, _ in options}
        with one_line():
            headers = parse_headers(given.pop("header") or ())
            network = NetworkOptions(headers=headers, **given)
        command(network=network, **values)

    wrapped.__signature__ = Signature([*own, *more])  # type: ignore[attr-defined]
    return wrapped


def parse_headers(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return names and values of `Name: value`, each of them once, with the variables that they name. Raises UsageError,
    which shows no value.
    """
    headers: dict[str, tuple[str, str]] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        name, value = name.strip(), _VARIABLE.sub(_variable, value.strip())
        if not colon or not _NAME.fullmatch(name) or not value:
            raise UsageError("--header: give it as in --header 'X-Team: ${TEAM}'")
        if name.lower() in _TAKEN:
            raise UsageError(f"--header {name}: clemsim sets it itself: leave it out")
        if not (value.isascii() and value.isprintable()):
            raise UsageError(f"--header {name}: its value contains characters that no header can carry")
        if name.lower() in headers:
            raise UsageError(f"--header {name} is given twice: leave one out")
        headers[name.lower()] = (name, value)
    return tuple(headers.values())


def _variable(match: re.Match[str]) -> str:
    value = os.environ.get(match[1])
    if value is None:
        raise UsageError(f"the environment variable {match[1]} is not set: --header asks for ${{{match[1]}}}")
    return value
