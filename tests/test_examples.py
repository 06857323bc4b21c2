"""Every example runs and prints what it says; the README shows the one that it names."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
TRAINING = sorted((ROOT / "examples" / "environments").glob("train_*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_is_expected(path: Path) -> None:
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, timeout=120)
    assert ran.stderr == "" and ran.returncode == 0
    assert ran.stdout == path.with_suffix(".expected").read_text()


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.stem)
def test_an_example_of_training_prints_what_is_expected(path: Path) -> None:
    package = path.stem.removeprefix("train_")
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install {package}")
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == path.with_suffix(".expected").read_text()


def test_the_readme_shows_the_game() -> None:
    assert (ROOT / "examples" / "own_game.py").read_text().rstrip() in (ROOT / "README.md").read_text()
