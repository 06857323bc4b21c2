"""What benchmarks claim beyond speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(name: str, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)


@pytest.mark.slow
def test_three_hundred_episodes_against_a_failing_server_end_as_without_faults() -> None:
    ran = run("faults", "--episodes", "300")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["same_transcripts"] and found["unfinished_on_purpose_only"]
    assert found["unfinished"] == {"bad request": 6}
    assert set(found["outcomes"]) == {"success", "failure", "aborted"}
    assert len(found["faults"]) == 14 and sum(found["faults"].values()) > 300


@pytest.mark.skipif(which("openssl") is None, reason="makes a certificate")
@pytest.mark.parametrize(
    ("count", "seconds"), [(100, 0), pytest.param(1000, 8, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_a_hostile_server_ends_no_run_and_nothing_is_blamed_on_others(count: int, seconds: int) -> None:
    ran = run("hostile_server", "--answers", str(count), "--seconds", str(seconds))
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["run_ended"], found["misblamed"]) == (None, [])
    assert set(found["ends of sound"]) == set(found["ends of neighbour"]) == {"success"}
    if seconds:
        assert found["attacks"] > 50 and found["attacked"]["turns"] > 0, "the turns of others went on"
        assert found["peak_memory_mb"]["after"] < 300


@pytest.mark.slow
def test_no_command_line_is_a_traceback_or_hangs() -> None:
    ran = run("cli_fuzz", "--calls", "30", "--seed", "3")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["wrong"] == [] and sum(found["codes"].values()) == 30
    assert found["codes"]["0"] > 2 and found["codes"]["2"] > 10, "calls that are right, and calls that are wrong"


def test_intervals_cover_and_the_paired_test_keeps_its_level() -> None:
    ran = run("coverage", "--simulations", "100", "--cells", "6, 4, 12", "1 game x 10, played 50%, 1 rep")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["failed"] == [] and "6, 4, 12" in found
    for rates in found["6, 4, 12"].values():
        assert rates["said"] > 0.9 and rates["covered"] >= 0.88 and rates["false_alarms"] <= 0.12, "100 runs know it to 5 %"
        assert 5 < rates["width"] < 60


@pytest.mark.slow
def test_stopped_runs_keep_their_error_rate() -> None:
    ran = run("sequential", "--runs", "20")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    rows = [row for part in ("equal", "better", "equivalent", "missed") for row in found[part].values()]
    assert len(rows) == 25 and all(row["error"] <= 0.2 for row in rows), "beyond that lies 1 run of 400 at the level"
    soon = found["better"]["seven games, +20"]
    assert soon["in time"] > 0.7 and soon["median share"] < 0.5
    assert found["equivalent"]["seven games, equal"]["yes"] > 0.4
    assert found["equal"]["seven games"]["hasty"] > 0.1, "what it is for"


@pytest.mark.slow
def test_neighbours_that_start_at_one_moment_get_runs_of_their_own() -> None:
    ran = run("neighbours", "--trials", "1")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["complete_runs"], found["refused"], found["wrong"]) == (9, 7, 0)


def test_scores_that_are_no_numbers_are_compared_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clem = tmp_path / "clem"
    clem.write_text("#!/bin/sh\n")
    clem.chmod(0o755)
    monkeypatch.setenv("CLEMSIM_TEST_CLEM", str(clem))
    monkeypatch.setenv("CLEMSIM_TEST_CLEMBENCH", str(tmp_path))
    episode = tmp_path / "results" / "model" / "charades" / "easy" / "instance_00000"
    episode.mkdir(parents=True)
    scores = {"Main Score": float("nan"), "by kind": {"mime": 1}, "told": "yes"}
    (episode / "scores.json").write_text(json.dumps({"episode scores": scores}))
    (tmp_path / "results" / "results.csv").write_text(",clemscore\nmodel,1.0\n")
    ran = run("clemcore_numbers", str(tmp_path / "results"))
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["episodes"], found["numbers"], found["differing"]) == (1, 3, 0)


@pytest.mark.slow
def test_lists_of_a_made_run_answer_every_kind_of_page() -> None:
    ran = run("viewer", "--episodes", "300", "--repeat", "1")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["episodes"] == 300 and found["turns"] > 2500
    assert {"endings", "totals", "text, phrase: count and page"} <= set(found["milliseconds"])
