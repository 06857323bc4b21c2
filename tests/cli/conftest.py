"""Calls the command line in this process, in a folder of its own."""

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
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as one JSON object."""
        return orjson.loads(self.out)


Clemsim = Callable[..., Said]


@pytest.fixture
def clemsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Clemsim:
    """Call `clemsim` with these words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["clemsim", *map(str, words)])
        capsys.readouterr()
        code = main()
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call


def start(*words: object, cwd: Path) -> subprocess.Popen[str]:
    """`clemsim` in a process of its own."""
    command = [sys.executable, "-m", "clemsim.cli.main", *map(str, words)]
    return subprocess.Popen(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
