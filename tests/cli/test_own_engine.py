"""An engine of one's own, in one file: by its path and by an entry point, in a run, a study and a stress test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Clemsim

ENGINE = Path(__file__).parents[2] / "examples" / "own_engine.py"
STUDY = """
name = "own"
arenas = ["taboo"]
instances = 1
constrain = [true]

[[model]]
name = "dice"
[[model.variant]]
access = "own"
agent = "{spec}"
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with the engine installed as a package would be."""
    folder = tmp_path / "site"
    info = folder / "own_engine-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "own_engine.py").write_text(ENGINE.read_text())
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[clemsim.agents]\ndice = own_engine:Dice\nbroken = own_engine:Nothing\n")
    return folder


def call(package: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clemsim.cli.main", *map(str, words)]
    paths = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=package.parent, env=environment, timeout=120
    )


def test_a_run_by_its_path(clemsim: Clemsim) -> None:
    said = clemsim("run", "--arena", "taboo", "--constrain", "--agent", f"{ENGINE}:Dice", "--out", "r", "--json")
    assert said.code == 0, said.err
    assert said.json["agents"]["dice"]["arenas"]["taboo"]["aborted"] == 0 and said.json["throughput"]["requests"] > 10


def test_a_study_by_its_path(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY.format(spec=f"{ENGINE}:Dice"))
    said = clemsim("study", "study.toml", "--out", "s", "--json")
    assert said.code == 0, said.err
    assert said.json["missing"] == 0 and [run["label"] for run in said.json["runs"]] == ["dice"]


def test_a_stress_test_by_its_path(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim(
        *("stress", "--agent", f"{ENGINE}:Dice", "--mix", "talk", "--concurrency", 4, "--duration", "1s"),
        *("--warmup", "100ms", "--out", "s", "--json"),
    )
    assert said.code == 0, said.err
    (stage,) = said.json["stages"]
    assert stage["turns"] > 20 and stage["error_share"] == 0
    assert stage["latency"]["turn"]["n"] == stage["turns"] and stage["latency"]["turn"]["p50"] >= 0.01
    assert stage["latency"]["ttft"]["n"] == 0  # an engine that does not stream has no first token
    assert stage["output_tokens_per_second"] > 0


@pytest.mark.slow
def test_by_an_entry_point(package: Path) -> None:
    ran = call(package, "run", "--arena", "taboo", "--constrain", "--agent", "dice:loaded", "--out", "r", "--json")
    assert ran.returncode == 0, ran.stderr
    assert list(orjson.loads(ran.stdout)["agents"]) == ["loaded"]
    helped = call(package, "run", "--help")
    assert "dice" in helped.stdout
    listed = orjson.loads(call(package, "list", "agents", "--json").stdout)["agents"]
    about = {row["spec"]: row["about"] for row in listed}
    assert about["dice"] == "A model that draws its replies out of the format of each ask."
    assert "own_engine:Nothing cannot be loaded: AttributeError" in about["broken"]
    refused = call(package, "run", "--agent", "broken", "--out", "b")
    assert refused.returncode == 2 and "agent broken: own_engine:Nothing cannot be loaded" in refused.stderr
    assert orjson.loads(call(package, "doctor", "--json").stdout)["ok"] is False
