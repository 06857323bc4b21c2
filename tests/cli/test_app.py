"""The program: which of its commands are loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from clemsim.cli.app import COMMANDS, GROUPS, program

HEAVY = {"aiohttp", "asyncio", "httpx", "numpy", "orjson", "pydantic", "rich.console", "clemsim.cli.common"}


def test_the_version_is_told_without_loading_what_plays() -> None:
    script = f"""
import sys
sys.argv = ["clemsim", "--version"]
from clemsim.cli.main import main
code = main()
print(code, sorted({HEAVY} & set(sys.modules)))
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.startswith("clemsim ") and told.endswith("\n0 []\n")


@pytest.mark.parametrize("words", [["run", "--help"], ["suite"]])
def test_only_the_command_that_is_called_is_loaded(words: list[str]) -> None:
    assert commands(words) == {words[0]}


@pytest.mark.parametrize("words", [[], ["--help"], ["nonsense"]])
def test_all_commands_are_there_where_none_is_called(words: list[str]) -> None:
    assert commands(words) == {*COMMANDS, *GROUPS}


def commands(words: list[str]) -> set[str]:
    return set(typer.main.get_command(program(words)).commands)  # type: ignore[attr-defined]


def test_a_reader_that_has_enough_is_no_error() -> None:
    script = (
        "import sys; sys.argv = ['clemsim', 'list', 'arenas', '--json']; from clemsim.cli.main import main; sys.exit(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        told = process.stderr.read().decode()
    assert (process.returncode, told) == (0, "")
