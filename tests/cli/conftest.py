"""Call the command line in this process, in a temporary folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from clemsim.cli.main import main


@dataclass(frozen=True)
class CommandResult:
    """The output of a command and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as one JSON object."""
        return orjson.loads(self.out)


Clemsim = Callable[..., CommandResult]


@pytest.fixture
def clemsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Clemsim:
    """Return a function that calls `clemsim` with words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["clemsim", *map(str, words)])
        capsys.readouterr()
        code = main()
        printed = capsys.readouterr()
        return CommandResult(code, printed.out, printed.err)

    return call


def start(*words: object, cwd: Path) -> subprocess.Popen[str]:
    """Start `clemsim` in another process."""
    command = [sys.executable, "-m", "clemsim.cli.main", *map(str, words)]
    return subprocess.Popen(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
