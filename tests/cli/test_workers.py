"""Many processes: the same results as one, whatever becomes of them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from threading import enumerate as enumerate_threads

import pytest

from clemsim.results import diagnostics
from clemsim.store import reader
from tests.cli.conftest import Clemsim, start
from tests.cli.test_run import SLOW, transcripts, wait_for_events
from tests.engines.servers import MODEL, FakeServer, says, serving_in_thread

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")


def kill_a_worker(folder: Path) -> bool:
    """Kill one worker of the run that was started in this folder."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (path / "cmdline").read_bytes().startswith(b"ray::Worker") and (path / "cwd").readlink() == folder:
                os.kill(int(path.name), signal.SIGKILL)
                return True
    return False


def test_two_workers_play_as_one(clemsim: Clemsim, tmp_path: Path) -> None:
    one = clemsim("run", "--agent", "random", "--agent", "baseline", "--out", "one", "--json").json
    two = clemsim("run", "--agent", "random", "--agent", "baseline", "--out", "two", "--workers", 2, "--json")
    assert two.code == 0
    assert transcripts(tmp_path / "one") == transcripts(tmp_path / "two")
    assert two.json["agents"] == one["agents"] and two.json["throughput"]["turns"] == one["throughput"]["turns"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.slow
def test_a_killed_worker_costs_no_episode(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    clemsim("run", "--agent", "slow.py:Slow", "--out", "whole")
    process = start("run", "--agent", "slow.py:Slow", "--workers", "2", "--out", "killed", cwd=tmp_path)
    wait_for_events(tmp_path / "killed" / "run.db", 100)
    assert kill_a_worker(tmp_path)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, out + err
    assert transcripts(tmp_path / "whole") == transcripts(tmp_path / "killed")


@pytest.mark.slow
def test_workers_can_be_stopped_and_gone_on_with(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    clemsim("run", "--agent", "slow.py:Slow", "--out", "whole")
    process = start("run", "--agent", "slow.py:Slow", "--workers", "2", "--out", "stopped", cwd=tmp_path)
    wait_for_events(tmp_path / "stopped" / "run.db", 60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "stopped; go on with: clemsim resume stopped" in err, out + err
    assert clemsim("resume", "stopped", "--workers", 2).code == 0
    assert transcripts(tmp_path / "whole") == transcripts(tmp_path / "stopped")


@pytest.mark.slow
def test_limits_are_shared_out(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as server:
        words = ("--agent", f"{MODEL}@{server.url}", "--max-requests", 9, "--workers", 2)
        said = clemsim("run", *words, "--out", "r", "--json")
    assert said.code == 1 and said.json["throughput"]["requests"] == 9
    with reader.reading(tmp_path / "r" / "run.db") as base:
        assert (diagnostics.throughput(base).cpu_ms_per_turn or 0) > 0


@pytest.mark.slow
def test_what_a_worker_raises_gets_one_line(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(SLOW.replace("await asyncio.sleep(0.02)", "raise ValueError('no good')"))
    said = clemsim("run", "--agent", "bad.py:Slow", "--workers", 2, "--out", "r")
    assert said.code != 0 and "no good" in said.err + str(said)
    said = clemsim("run", "--agent", "human", "--workers", 2, "--out", "s")
    assert said.code == 2 and "human cannot play through --workers" in said.err
    assert "recorder" not in {thread.name for thread in enumerate_threads()}  # the store is closed


def test_no_cluster_is_there(clemsim: Clemsim) -> None:
    said = clemsim("run", "--agent", "baseline", "--ray", "127.0.0.1:9", "--out", "r")
    assert said.code == 2 and "no Ray at 127.0.0.1:9" in said.err and "RAY_AUTH_MODE=token" in said.err


@pytest.mark.slow
def test_options_of_the_network_and_refusals_reach_through_workers(
    clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-very-secret-3"
    monkeypatch.setenv("CLEMSIM_API_KEY", key)
    refusal = says(400, f'{{"error": "temperature unsupported, {key}"}}')
    with serving_in_thread(FakeServer([refusal] * 400)) as server:
        words = ("--suite", "paper", "--arena", "taboo", "--agent", f"{MODEL}@{server.url}", "--header", "X-Team: a")
        said = clemsim("run", *words, "--workers", 2, "--out", "r", "--width", 4)
    assert said.code == 2 and "tiny refuses every request: the server said 400: temperature unsupported, (key)" in said.err
    assert len(server.bodies) < 60 and {headers["X-Team"] for _, headers in server.seen} == {"a"}
