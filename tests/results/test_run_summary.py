"""The summary of a run and its description keep their bytes.

`runs/` holds runs of commit f472347: their stores as SQL, without the transcripts, which no summary reads, and their
summaries as today's estimates make them (`python -m tests.results.write_summaries`).
"""

from __future__ import annotations

import sqlite3
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copy

import orjson
import pytest
import tomli_w
from pydantic import ValidationError

from clemsim.cli.main import main
from clemsim.errors import StoreError
from clemsim.results.run_summary import RunSummary, summarize_run, write_summary
from clemsim.store.folder import CONFIG, STORE, SUMMARY, read_config, read_description, write_description

RUNS = Path(__file__).parent / "runs"
NAMES = ("stopped", "unfinished", "caches", "imported")


@pytest.fixture
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that makes one of the runs a folder of that name in the working directory."""
    monkeypatch.chdir(tmp_path)

    def restore(name: str) -> Path:
        folder = Path(name)
        folder.mkdir()
        copy(RUNS / name / CONFIG, folder)
        with closing(sqlite3.connect(folder / STORE)) as base:
            base.executescript((RUNS / name / "store.sql").read_text(encoding="utf-8"))
        return folder

    return restore


@pytest.mark.parametrize("name", NAMES)
def test_the_summary_has_the_same_bytes(
    restored: Callable[[str], Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    expected = (RUNS / name / SUMMARY).read_bytes()
    write_summary(restored(name))
    assert (Path(name) / SUMMARY).read_bytes() == expected
    monkeypatch.setattr(sys, "argv", ["clemsim", "show", name, "--json"])
    assert main() == 0
    assert capsys.readouterr().out.encode() == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_summary_is_read_back_and_cannot_be_changed(restored: Callable[[str], Path], name: str) -> None:
    summary = summarize_run(restored(name))
    assert RunSummary.model_validate(orjson.loads((RUNS / name / SUMMARY).read_bytes())) == summary
    with pytest.raises(ValidationError):
        summary.played = 0.0  # type: ignore[misc]


def test_what_the_runs_cover(restored: Callable[[str], Path]) -> None:
    stopped, unfinished, caches, imported = (summarize_run(restored(name)) for name in NAMES)
    assert stopped.question and stopped.stopped_when == stopped.question.text and stopped.question.answer == "yes"
    assert unfinished.causes == {"request limit": 21} and unfinished.constrained and unfinished.question is None
    assert caches.caches["fake"].warning and caches.cut_replies == {"fake": {"length": 5, "overflow": 2}}
    assert imported.throughput.cpu_ms_per_turn is None and not imported.throughput.seconds


@pytest.mark.parametrize("name", NAMES)
def test_a_description_is_written_as_it_was_read(restored: Callable[[str], Path], name: str) -> None:
    folder = restored(name)
    write_description(folder, read_description(folder))
    assert (folder / CONFIG).read_bytes() == (RUNS / name / CONFIG).read_bytes()


def test_keys_of_another_version_are_kept(restored: Callable[[str], Path]) -> None:
    folder = restored("stopped")
    data = tomllib.loads((folder / CONFIG).read_text())
    data["config"]["new_option"] = 3
    data["suite"]["licence"] = "CC"
    data["weather"] = {"sky": "blue"}
    del data["made"], data["config"]["seed"], data["suite"]["language"]
    (folder / CONFIG).write_text(tomli_w.dumps(data))
    description = read_description(folder)
    assert (description.config.seed, description.suite.language, description.made.started) == (0, "en", None)
    write_description(folder, description)
    assert tomllib.loads((folder / CONFIG).read_text()) == data
    assert summarize_run(folder).episodes == 120
    with pytest.raises(StoreError, match=r"run\.toml: Extra inputs are not permitted"):
        read_config(folder)  # it cannot be played as it was


def test_a_broken_description_is_named(restored: Callable[[str], Path]) -> None:
    folder = restored("stopped")
    (folder / CONFIG).write_text("suite = 3\n")
    with pytest.raises(StoreError, match=r"stopped/run\.toml: "):
        read_description(folder)
