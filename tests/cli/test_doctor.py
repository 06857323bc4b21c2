"""`clemsim doctor RUN` and `--ray`: each thing that may be amiss with a run, or on a node, is told."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from clemsim.runs.workers import cluster, preflight
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runs.workers.luggage import Luggage
from clemsim.runs.workers.preflight import NodeFacts
from tests.cli.conftest import Clemsim
from tests.runs.test_old_store import FINISHED

LEFT = """
import os
from pathlib import Path
from clemsim._util import drafts
drafts._new_file(Path("r"), 0o600)
os._exit(0)
"""


@pytest.fixture
def run(clemsim: Clemsim, tmp_path: Path) -> Path:
    assert clemsim("run", "--arena", "taboo", "--instances", "1", "--agent", "baseline", "--out", "r").code == 0
    return tmp_path / "r"


def change(statement: str) -> Callable[[Path], object]:
    """Return what changes the store of a run."""

    def changing(run: Path) -> None:
        with closing(sqlite3.connect(run / "run.db")) as base, base:
            base.execute(statement)

    return changing


def overwrite(name: str, content: str) -> Callable[[Path], object]:
    """Return what overwrites a file of a run."""
    return lambda run: (run / name).write_text(content)


AMISS: dict[str, tuple[Callable[[Path], object], str]] = {
    "description": (overwrite("run.toml", "[[["), "is not TOML"),
    "store": (overwrite("run.db", "no store" * 999), "cannot be"),
    "episodes": (change("UPDATE events SET type = 'tolt' WHERE number = 1"), "an event of type 'tolt' cannot be read"),
    "checksums": (change("UPDATE episodes SET quality = 7 WHERE id = 2"), "2 of 3 are right; episode 2 (taboo/"),
    "summary": (overwrite("summary.json", "{"), "is not JSON"),
    "permissions": (lambda run: (run / "run.db").chmod(0o644), "others may use run.db: chmod -R go= r"),
    "drafts": (lambda run: subprocess.run([sys.executable, "-c", LEFT], cwd=run.parent, check=True), "r/.clemsim-"),
}


def test_a_whole_run(clemsim: Clemsim, run: Path) -> None:
    said = clemsim("doctor", "r", "--json")
    assert said.code == 0 and said.json["ok"]
    checks = {check["what"]: check["found"] for check in said.json["runs"]["r"]}
    assert checks["episodes"] == "3 ended, 0 unfinished" and checks["checksums"] == "3 of 3 are right"
    assert checks["store"] == "version 3, SQLite finds: ok" and checks["lock"] == "no process is playing it"
    assert "no process" in clemsim("doctor", "r").out


@pytest.mark.parametrize("what", AMISS)
def test_what_is_amiss_is_told(clemsim: Clemsim, run: Path, what: str) -> None:
    spoil, expected = AMISS[what]
    spoil(run)
    said = clemsim("doctor", "r", "--json")
    assert said.code == 1 and not said.json["ok"]
    (found,) = [check for check in said.json["runs"]["r"] if check["what"] == what]
    assert not found["ok"] and expected in found["found"], found
    assert clemsim("doctor", "r").code == 1


def test_no_run_and_several(clemsim: Clemsim, run: Path) -> None:
    assert clemsim("doctor", "nowhere").code == 2
    shutil.copytree(run, run.parent / "s")
    assert set(clemsim("doctor", "r", "s", "--json").json["runs"]) == {"r", "s"}


def test_a_run_of_an_earlier_version_has_no_checksums(clemsim: Clemsim, tmp_path: Path) -> None:
    shutil.copytree(FINISHED, tmp_path / "old")
    subprocess.run(["chmod", "-R", "go=", "old"], cwd=tmp_path, check=True)
    said = clemsim("doctor", "old", "--json")
    (found,) = [check["found"] for check in said.json["runs"]["old"] if check["what"] == "checksums"]
    assert said.code == 0 and "ended under an earlier version and have none" in found


def test_the_doctor_asks_every_node_of_a_cluster(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    here = NodeFacts(version("clemsim"), platform.python_version(), [], [], [])
    found: dict[str, NodeFacts | str] = {"10.0.0.1": here, "10.0.0.2": replace(here, missing_variables=["KEY"])}
    boarded: list[tuple[WorkerOptions, Luggage]] = []
    monkeypatch.setattr(cluster, "check_ray", lambda: None)
    monkeypatch.setattr(cluster, "disconnect", lambda: None)
    monkeypatch.setattr(cluster, "nodes", lambda: [{"NodeManagerAddress": address} for address in found])
    monkeypatch.setattr(preflight, "board", lambda *what: boarded.append(what))
    monkeypatch.setattr(preflight, "_ask", lambda node, luggage: found[node["NodeManagerAddress"]])
    words = ("doctor", "--ray", "10.0.0.1:6379", "--agent", "m@http://10.0.0.9:8000/v1", "--json")
    said = clemsim(*words)
    assert said.code == 1 and not said.json["ok"] and [each["ok"] for each in said.json["nodes"]] == [True, False]
    assert said.json["nodes"][1]["found"] == "node 10.0.0.2 did not get KEY"
    ((workers, luggage),) = boarded
    assert workers.address == "10.0.0.1:6379" and list(luggage.urls) == ["http://10.0.0.9:8000/v1"]
    del found["10.0.0.2"]
    assert clemsim(*words).code == 0
    found.clear()
    assert clemsim(*words).code == 1 and "no node" in clemsim(*words).out


def test_the_doctor_refuses_what_does_not_go_together(clemsim: Clemsim) -> None:
    for words in (("--ray", "auto", "runs/r"), ("--arena", "taboo")):
        refused = clemsim("doctor", *words)
        assert refused.code == 2 and "--ray" in refused.err
