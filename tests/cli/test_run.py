"""`clemsim run`, `resume` and `score`: folders, summaries, exit codes, one line for whatever is wrong."""

from __future__ import annotations

import signal
import sqlite3
import sys
import tomllib
from contextlib import closing, suppress
from pathlib import Path
from time import sleep
from typing import Any

import orjson
import pytest

from clemsim.catalog.suites import load_suite
from clemsim.errors import StoreError
from clemsim.store import reader
from tests.cli.conftest import Clemsim, start
from tests.engines.servers import MODEL, FakeServer, says, serving_in_thread

SUMMARY = {"run", "suite", "agents", "clemscore", "played", "quality", "unfinished", "arenas", "throughput"}
THROUGHPUT = {
    *("turns", "requests", "retries", "seconds", "turns_per_second", "tokens_in", "tokens_out", "tokens_cached"),
    *("peak_in_flight", "cpu_ms_per_turn", "loop_lag_ms"),
}
ARENA = {"episodes", "success", "failure", "aborted", "unfinished", "played", "quality", "worth", "ci"}
QUICK = ("run", "--agent", "baseline", "--out", "r")


def transcripts(folder: Path) -> dict[str, list[Any]]:
    with reader.reading(folder / "run.db") as base:
        return {f"{row.key}": reader.events(base, row.id) for row in reader.episodes(base)}


def test_json_prints_the_summary_that_lies_in_the_folder(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim(*QUICK, "--agent", "random", "--json")
    assert said.code == 0
    assert said.json.keys() >= SUMMARY
    assert said.json["throughput"].keys() == THROUGHPUT
    assert set(said.json["agents"]) == {"baseline", "random"}
    for agent in said.json["agents"].values():
        assert set(agent["arenas"]) == set(load_suite("quick").arenas)
        assert all(arena.keys() == ARENA for arena in agent["arenas"].values())
    assert orjson.loads((tmp_path / "r" / "summary.json").read_bytes()) == said.json
    assert {path.name for path in (tmp_path / "r").iterdir()} >= {"run.toml", "run.db", "summary.json"}


def test_run_toml_is_the_whole_configuration(clemsim: Clemsim, tmp_path: Path) -> None:
    clemsim(*QUICK, "--seed", 7, "--arena", "taboo", "--instances", 2)
    about = tomllib.loads((tmp_path / "r" / "run.toml").read_text())
    assert about["config"] == {
        "suite": "quick",
        "arenas": ["taboo"],
        "agents": ["baseline"],
        "instances": 2,
        "repetitions": 1,
        "seed": 7,
        "temperature": 0.0,
        "max_tokens": 300,
        "constrain": False,
        "isolate_cache": False,
        "logprobs": 0,
        "tokens": False,
        "batch": 1,
    }
    assert about["arenas"]["taboo"]["version"] == "1.6+2" and len(about["arenas"]["taboo"]["files"]) == 16


def test_the_table_fits_eighty_columns(clemsim: Clemsim) -> None:
    said = clemsim(*QUICK, "--agent", "random")
    assert "clemscore" in said.out and "overall" in said.out
    table = said.out.split("below each score")[0].splitlines()
    assert max(len(line.rstrip()) for line in table) <= 80
    assert any("100.00" in line for line in table)


def test_progress_goes_to_stderr(clemsim: Clemsim) -> None:
    said = clemsim(*QUICK)
    assert "playing 27 episodes" in said.err
    assert "playing" not in said.out


def test_a_constrained_run_says_so(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim(*QUICK, "--constrain")
    assert "constrained decoding" in said.out
    assert orjson.loads((tmp_path / "r" / "summary.json").read_bytes())["constrained"] is True
    assert tomllib.loads((tmp_path / "r" / "run.toml").read_text())["config"]["constrain"] is True


def test_seats_can_be_given_apart(clemsim: Clemsim) -> None:
    said = clemsim("run", "--arena", "taboo", "--agent", "describer=baseline", "--agent", "guesser=random", "--json")
    (name,) = said.json["agents"]
    assert name == "describer=baseline,guesser=random"
    assert said.json["agents"][name]["arenas"]["taboo"]["failure"] == 6


def test_a_game_and_an_agent_out_of_files(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(
        "from clemsim import Arena, Instance, Outcome, tagged\n"
        "class Echo(Arena[Instance]):\n"
        "    '''Say hello.'''\n"
        "    name, version, seats = 'echo', 1, ('one',)\n"
        "    def instances(self): return [Instance()]\n"
        "    async def play(self, table, instance, /):\n"
        "        said = await table.ask('one', 'Say SAY: hello', parse=tagged('SAY:'))\n"
        "        return Outcome.success() if said == 'hello' else Outcome.failure('no')\n"
    )
    (tmp_path / "agent.py").write_text(
        "from clemsim import Agent, Message\n"
        "class Polite(Agent):\n"
        "    name = 'polite'\n"
        "    def __init__(self, arg, options): pass\n"
        "    async def reply(self, view): return Message(view.seat, 'SAY: hello')\n"
    )
    said = clemsim("run", "--arena", "game.py:Echo", "--agent", "agent.py:Polite", "--json")
    assert said.code == 0
    assert said.json["agents"]["polite"]["arenas"]["echo"]["success"] == 1


@pytest.mark.parametrize("width", ["1", "3", "auto"])
def test_the_same_seed_gives_the_same_transcripts_at_any_width(clemsim: Clemsim, tmp_path: Path, width: str) -> None:
    run = ("run", "--agent", "random", "--seed", 3, "--repetitions", 2)
    clemsim(*run, "--out", "one", "--width", 1)
    clemsim(*run, "--out", "other", "--width", width)
    assert transcripts(tmp_path / "one") == transcripts(tmp_path / "other")
    assert len(transcripts(tmp_path / "one")) == 54


def test_another_seed_gives_other_transcripts(clemsim: Clemsim, tmp_path: Path) -> None:
    for seed in (1, 2):
        clemsim("run", "--agent", "random", "--seed", seed, "--out", f"r{seed}")
    assert transcripts(tmp_path / "r1") != transcripts(tmp_path / "r2")


WRONG = {
    "a server that is down": (["--agent", "q@http://127.0.0.1:9/v1"], "no server answers at http://127.0.0.1:9/v1"),
    "no suite": (["--suite", "nowhere.toml"], "there is no suite 'nowhere.toml': choose one of"),
    "no arena": (["--arena", "chess"], "there is no arena 'chess': choose one of"),
    "no agent": (["--agent", "qwen"], "there is no agent 'qwen': choose one of"),
    "no GGUF": (["--agent", "local:text.gguf"], "text.gguf is not a GGUF file"),
    "no weights": (["--agent", "local:none.gguf"], "none.gguf cannot be read"),
    "an empty seat": (["--agent", "describer=baseline", "--arena", "taboo"], "no agent in seat 'guesser' of taboo"),
    "no width": (["--agent", "baseline", "--width", "x"], "--width x: give a number of turns, or auto"),
    "no number": (["--agent", "baseline", "--seed", "x"], "Invalid value for '--seed'"),
    "a broken suite": (["--suite", "text.gguf"], "text.gguf is not TOML"),
    "no such option": (["--sed", "1"], "No such option: --sed"),
    "no recorded run": (["--agent", "replay:nowhere"], "there is no run at nowhere"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_gets_one_line_and_leaves_nothing(clemsim: Clemsim, tmp_path: Path, what: str) -> None:
    (tmp_path / "text.gguf").write_text("no weights in here")
    words, expected = WRONG[what]
    said = clemsim("run", *words, "--out", "r")
    assert said.code == 2
    assert said.out == ""
    assert expected in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "r").exists() and not (tmp_path / "runs").exists()


def test_a_wrong_model_name(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as server:
        said = clemsim("run", "--agent", f"other@{server.url}", "--out", "r")
    assert said.code == 2
    assert "does not serve 'other', only tiny" in said.err and len(said.err.splitlines()) == 1
    assert not (tmp_path / "r").exists()


def test_what_the_server_refuses_is_unfinished_and_not_the_models_fault(clemsim: Clemsim) -> None:
    with serving_in_thread(FakeServer(faults=[says(400, '{"error": "no such thing"}')] * 3)) as server:
        said = clemsim("run", "--agent", f"{MODEL}@{server.url}", "--arena", "taboo", "--out", "r", "--width", 1)
    assert said.code == 1
    assert "3 episodes are unfinished and in no average (3 bad request)" in said.out
    assert "not all was played; go on with: clemsim resume r" in said.err
    summary = clemsim("show", "r", "--json").json
    taboo = summary["agents"][MODEL]["arenas"]["taboo"]
    assert (taboo["unfinished"], taboo["aborted"], taboo["episodes"]) == (3, 3, 6)


def test_a_key_that_is_refused_in_the_middle_ends_the_run(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", "sk-secret")
    with serving_in_thread(FakeServer(faults=[says(401, "no, not sk-secret")])) as server:
        said = clemsim("run", "--agent", f"{MODEL}@{server.url}", "--arena", "taboo", "--out", "r")
    assert said.code == 2
    assert "set CLEMSIM_API_KEY" in said.err
    assert "sk-secret" not in said.err + said.out


def test_a_folder_that_is_taken(clemsim: Clemsim) -> None:
    clemsim(*QUICK)
    said = clemsim(*QUICK)
    assert said.code == 2
    assert "r already exists" in said.err


def test_scoring_again_gives_the_same_numbers(clemsim: Clemsim, tmp_path: Path) -> None:
    before = clemsim(*QUICK, "--json").json
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base, base:
        scores = base.execute("SELECT * FROM scores ORDER BY 1, 2, 3").fetchall()
        base.execute("UPDATE scores SET value = 99")
    said = clemsim("score", "r", "--json")
    assert said.code == 0 and said.json == before
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base, base:
        assert base.execute("SELECT * FROM scores ORDER BY 1, 2, 3").fetchall() == scores


def test_a_run_of_other_rules_is_not_gone_on_with(clemsim: Clemsim, tmp_path: Path) -> None:
    clemsim(*QUICK)
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base, base:
        base.execute("UPDATE episodes SET version = 0, status = 'playing' WHERE arena = 'taboo'")
    said = clemsim("resume", "r")
    assert said.code == 2
    assert "the version of taboo was 0 and is '1.6+2'; begin a new one" in said.err


@pytest.mark.parametrize("command", ["show", "score", "resume"])
def test_a_run_that_is_not_there(clemsim: Clemsim, command: str) -> None:
    said = clemsim(command, "nowhere")
    assert said.code == 2
    assert "there is no run at nowhere" in said.err and len(said.err.splitlines()) == 1


def test_a_store_that_is_none(clemsim: Clemsim, tmp_path: Path) -> None:
    clemsim(*QUICK)
    for path in (tmp_path / "r").glob("run.db*"):
        path.unlink()
    (tmp_path / "r" / "run.db").write_text("what is this" * 1000)
    said = clemsim("show", "r")
    assert said.code == 2
    assert "run.db cannot be" in said.err and len(said.err.splitlines()) == 1


SLOW = """
import asyncio
from clemsim_agents.scripted import PerArena

class Slow(PerArena):
    width = 3
    def __init__(self, arg, options):
        super().__init__("slow", "baselines")
    async def reply(self, view):
        await asyncio.sleep(0.02)
        return await super().reply(view)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_stopped_run_goes_on_where_it_was(clemsim: Clemsim, tmp_path: Path, number: int) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    words = ("run", "--agent", "slow.py:Slow")
    process = start(*words, "--out", "stopped", cwd=tmp_path)
    wait_for_events(tmp_path / "stopped" / "run.db", 60)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "stopped; go on with: clemsim resume stopped" in err
    assert "interrupted" in out
    with reader.reading(tmp_path / "stopped" / "run.db") as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    half = orjson.loads((tmp_path / "stopped" / "summary.json").read_bytes())
    assert half["unfinished"] > 0
    resumed = clemsim("resume", "stopped", "--json")
    assert resumed.code == 0
    whole = clemsim(*words, "--out", "whole", "--json")
    assert transcripts(tmp_path / "stopped") == transcripts(tmp_path / "whole")
    assert resumed.json["agents"] == whole.json["agents"]
    assert resumed.json["throughput"]["turns"] == whole.json["throughput"]["turns"]


def wait_for_events(path: Path, count: int) -> None:
    """Wait until a run has recorded so many events; a minute at most, for Ray takes long to start on a busy machine."""
    for _ in range(3000):
        with suppress(StoreError), reader.reading(path) as base:
            if base.execute("SELECT count(*) FROM events").fetchone()[0] >= count:
                return
        sleep(0.02)
    raise AssertionError(f"{path} never had {count} events")


def test_a_dry_run_says_what_it_could_show_and_plays_nothing(clemsim: Clemsim, tmp_path: Path) -> None:
    words = ("run", "--arena", "taboo", "--agent", "baseline", "--dry-run")
    plan = clemsim(*words, "--json").json
    assert plan["episodes"] == plan["instances"] == 6 and "worst case" in plan["variance_from"]
    cost = plan["costs"][-1]
    assert cost["most"] and cost["tokens_in"] is None and cost["tokens_out"] == 300 * cost["turns"]
    thinking = clemsim("run", "--arena", "taboo", "--agent", "local:none.gguf?thinking=200", "--dry-run", "--json").json
    assert thinking["costs"][-1]["tokens_out"] == 500 * cost["turns"]
    assert plan["scores"][0]["width"] > 50 and plan["scores"][0]["detectable"] > 50
    assert not (tmp_path / "runs").exists()
    assert clemsim("run", "--arena", "taboo", "--agent", "random", "--out", "r").code == 0
    like = clemsim(*words, "--repetitions", 2, "--like", "r", "--json").json
    events = clemsim("show", "r", "--json").json["throughput"]["turns"]
    assert like["costs"][-1] == {**cost, "episodes": 12, "turns": 2 * events, "most": False, "tokens_out": None}
    assert like["variance_from"] == "r" and "taken to gain nothing" in like["notes"][0]
    shown = clemsim(*words, "--repetitions", 2, "--like", "r")
    assert "nothing was played" in shown.out and max(map(len, shown.out.splitlines())) <= 80
    refused = clemsim("run", "--like", "r")
    assert refused.code == 2 and "give an agent a price" in refused.err
