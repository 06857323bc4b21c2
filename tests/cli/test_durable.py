"""Runs that nothing can break: killed, held by another process, on a full disk, changed, limited."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Clemsim, start
from tests.cli.test_run import SLOW, transcripts, wait_for_events
from tests.engines.servers import MODEL, FakeServer, serving_in_thread

ROOT = Path(__file__).parents[2]
PLAY = ("run", "--agent", "baseline", "--arena", "taboo", "--out", "r")


def test_a_killed_run_ends_like_one_that_was_not() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "crash.py"), "--kills", "2", "--suite", "quick", "--longest", "1.2"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    assert found["same_events"] and found["same_scores"] and found["kills"] >= 1
    assert found["asked_again"] <= found["kills"] * 64  # at most what was in flight


def test_a_second_process_is_refused(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW.replace("0.02", "0.2"))
    process = start("run", "--arena", "privateshared", "--agent", "slow.py:Slow", "--out", "r", cwd=tmp_path)
    try:
        wait_for_events(tmp_path / "r" / "run.db", 10)
        for command in ("resume", "score"):
            said = clemsim(command, "r")
            assert said.code == 2
            assert "another process is playing r: wait for it, or stop it first" in said.err
        assert clemsim("show", "r").code == 0
    finally:
        process.kill()
        process.communicate()
    assert clemsim("resume", "r", "--max-requests", 1).code == 0  # the lock went with the process


MAKING = """
import os, sys, time
from pathlib import Path
from clemsim.store.folder import making
with making(Path("r")) as draft:
    (draft.path / "run.toml").write_text("half")
    print("made", flush=True)
    time.sleep(60)
"""


def test_a_kill_while_the_run_is_made_leaves_nothing_in_its_place(clemsim: Clemsim, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", MAKING], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "made\n"
    assert clemsim(*PLAY).code == 0  # beside a process that lives
    (draft,) = tmp_path.glob(".clemsim-*")
    assert (draft / "draft" / "run.toml").read_text() == "half"
    process.kill()
    process.communicate()
    assert clemsim(*PLAY[:-1], "other").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"r", "other"}


def test_only_its_owner_may_read_a_run(clemsim: Clemsim, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        clemsim(*PLAY)
        clemsim("resume", "r")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "r", *(tmp_path / "r").iterdir())}
    assert modes == {"r": 0o700, "run.db": 0o600, "run.toml": 0o600, "run.lock": 0o600, "summary.json": 0o600}


def limited() -> None:
    """No file of this process may grow beyond 100 kB, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits")
def test_a_full_disk_gets_one_line_and_keeps_what_was_committed(clemsim: Clemsim, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clemsim.cli.main", "run", "--agent", "baseline", "--out", "r"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, preexec_fn=limited)
    assert ran.returncode == 2
    errors = [line for line in ran.stderr.splitlines() if line.startswith("clemsim:")]
    assert len(errors) == 1 and "what was committed before is safe" in errors[0]
    assert "Traceback" not in ran.stderr
    resumed = clemsim("resume", "r", "--json")
    assert resumed.code == 0 and resumed.json["unfinished"] == 0
    clemsim("run", "--agent", "baseline", "--out", "whole")
    assert transcripts(tmp_path / "r") == transcripts(tmp_path / "whole")


@pytest.mark.parametrize("command", ["show", "resume", "score"])
def test_a_truncated_store_gets_one_line_and_stays_as_it_is(clemsim: Clemsim, tmp_path: Path, command: str) -> None:
    clemsim(*PLAY)
    path = tmp_path / "r" / "run.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = path.read_bytes()
    said = clemsim(command, "r")
    assert said.code == 2
    assert "run.db cannot be" in said.err and len(said.err.splitlines()) == 1
    assert path.read_bytes() == before


def suite(folder: Path) -> Path:
    """A suite of two words with a prompt of its own."""
    (folder / "s" / "taboo" / "prompts").mkdir(parents=True)
    (folder / "s" / "suite.toml").write_text("[arenas.taboo]\n")
    (folder / "s" / "taboo" / "prompts" / "guesser.txt").write_text("Guess.\n")
    lines = [json.dumps({"id": n, "target": word, "related": []}) for n, word in enumerate(["winter", "bread"])]
    (folder / "s" / "taboo" / "instances.jsonl").write_text("\n".join(lines))
    return folder / "s"


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a prompt": (
        lambda folder: (folder / "taboo" / "prompts" / "guesser.txt").write_text("Guess!\n"),
        "the digest of taboo's prompts and word lists was",
    ),
    "an instance": (
        lambda folder: (folder / "taboo" / "instances.jsonl").write_text(
            (folder / "taboo" / "instances.jsonl").read_text().replace("bread", "butter")
        ),
        "'target' of instance taboo/default/1 was 'bread' and is 'butter'",
    ),
    "fewer instances": (
        lambda folder: (folder / "taboo" / "instances.jsonl").write_text('{"target": "winter", "related": []}'),
        "taboo/default/1 of random is no longer in suite",
    ),
    "the seed": (
        lambda folder: (folder / "suite.toml").write_text("seed = 3\n[arenas.taboo]\n"),
        "the seed of the suite was None and is 3",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_suite_is_not_the_same_run(clemsim: Clemsim, tmp_path: Path, what: str) -> None:
    folder = suite(tmp_path)
    clemsim("run", "--suite", "s", "--agent", "random", "--out", "r")
    change, expected = CHANGES[what]
    change(folder)
    said = clemsim("resume", "r")
    assert said.code == 2
    assert "this would not be the same run" in said.err or "no longer" in said.err
    assert expected in said.err and len(said.err.splitlines()) == 1


def test_another_model_is_not_the_same_run(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as server:
        spec = f"{MODEL}@{server.url}"
        assert clemsim("run", "--agent", spec, "--arena", "taboo", "--out", "r", "--max-requests", 2).code == 1
        path = tmp_path / "r" / "run.toml"
        path.write_text(path.read_text().replace("top_p = 1.0", "top_p = 0.5"))
        said = clemsim("resume", "r")
    assert said.code == 2
    assert f"'sampling' of agent {MODEL} was" in said.err and "begin a new one" in said.err


def limited_run(clemsim: Clemsim, *words: object) -> tuple[dict[str, Any], int]:
    """What a limited run says, and how many requests the server saw until it was gone on with to its end."""
    with serving_in_thread(FakeServer()) as server:
        spec = f"{MODEL}@{server.url}"
        said = clemsim("run", "--agent", spec, "--arena", "taboo", "--out", "r", "--json", "--width", 1, *words)
        assert said.code == 1
        resumed = clemsim("resume", "r", "--json")
        assert resumed.code == 0 and resumed.json["unfinished"] == 0
        return said.json["agents"][MODEL], len(server.bodies)


@pytest.mark.parametrize(
    ("words", "cause", "played"),
    [(("--max-requests", 2), "request limit", 2), (("--max-tokens-total", 15), "token limit", 3)],
)
def test_a_limit_of_the_run_ends_it_cleanly(clemsim: Clemsim, words: tuple[object, ...], cause: str, played: int) -> None:
    agent, requests = limited_run(clemsim, *words)
    assert agent["causes"] == {cause: 6 - played}
    assert requests == 6  # nothing was asked twice


def test_limits_of_an_episode(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW.replace("0.02", "0.3"))
    said = clemsim("run", "--agent", "slow.py:Slow", "--arena", "wordle", "--episode-seconds", 0.5, "--out", "r", "--json")
    assert said.code == 1
    assert said.json["agents"]["slow"]["causes"] == {"deadline": 4}
    shown = clemsim("show", "r").out
    assert "4 episodes are unfinished and in no average (4 deadline)" in shown
    assert "the episode was not over after 0.5 s" in " ".join(shown.split()).replace("│ ", "")


def test_replies_that_broke_off_are_counted_by_name(clemsim: Clemsim) -> None:
    with serving_in_thread(FakeServer()) as server:
        words = ("--agent", f"{MODEL}@{server.url}", "--arena", "taboo", "--max-tokens", 3)
        said = clemsim("run", *words, "--out", "r", "--json")
    assert said.json["cut_replies"] == {MODEL: {"length": 6}}
    assert f"replies of {MODEL} that broke off: 6 cut at the token limit" in clemsim("show", "r").out


def test_a_run_is_gone_on_with_from_anywhere(clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite(tmp_path)
    clemsim("run", "--suite", "s", "--agent", "random", "--out", "r")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert clemsim("resume", tmp_path / "r").code == 0 and clemsim("score", tmp_path / "r").code == 0


def test_a_run_that_ended_is_one_plain_file_and_can_be_read_where_nothing_can_be_written(
    clemsim: Clemsim, tmp_path: Path
) -> None:
    clemsim(*PLAY)
    assert not list((tmp_path / "r").glob("run.db-*"))
    assert (tmp_path / "r" / "run.db").read_bytes()[18:20] == b"\x01\x01"  # SQLite: no write-ahead log
    (tmp_path / "r" / "summary.json").unlink()
    assert clemsim("show", "r").code == 0
    assert not (tmp_path / "r" / "summary.json").exists()
