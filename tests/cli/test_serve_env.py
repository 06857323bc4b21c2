"""`clemsim serve-env`: what is wrong gets a line; what it serves is in tests/interop/test_openenv.py."""

from __future__ import annotations

import socket
from importlib.util import find_spec

import pytest

from tests.cli.conftest import Clemsim


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nonsense"], "there is no arena 'nonsense'"),
        (["taboo", "--seat", "judge"], "taboo has no seat 'judge': choose one of describer, guesser"),
        (["taboo", "--agent", "describer=baseline"], "describer is the seat that learns"),
        (["taboo", "--agent", "baseline", "--agent", "random"], "the other seats have baseline"),
        (["taboo", "--suite", "nonsense"], "there is no suite 'nonsense'"),
        (["taboo", "--rules", "v0"], "taboo has no rule set 'v0': choose one of"),
        (["taboo", "--sessions", "0"], "Invalid value for '--sessions'"),
        (["taboo", "--forfeit", "nan"], "nan is no number"),
    ],
)
def test_a_mistake_gets_a_line(clemsim: Clemsim, words: list[str], line: str) -> None:
    result = clemsim("serve-env", *words)
    assert result.code == 2 and line in result.err and len(result.err.splitlines()) == 1 and not result.out


def test_a_port_that_is_taken_or_a_package_that_is_missing_gets_a_line(clemsim: Clemsim) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = clemsim("serve-env", "taboo", "--port", str(port))
    missing = find_spec("openenv") is None
    line = "pip install 'clemsim[openenv]'" if missing else f"127.0.0.1:{port} cannot be used: choose another --port"
    assert result.code == 2 and line in result.err
