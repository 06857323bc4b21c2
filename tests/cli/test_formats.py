"""`clemsim export`, and runs as tables."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import clemsim as package
from clemsim.errors import StoreError, UsageError
from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, serving_in_thread

CLEM, CHECKOUT = os.environ.get("CLEMSIM_TEST_CLEM", ""), os.environ.get("CLEMSIM_TEST_CLEMBENCH", "")


@pytest.fixture
def played(clemsim: Clemsim) -> Clemsim:
    """Play a run `r` of two agents."""
    assert clemsim("run", "--agent", "baseline", "--agent", "random", "--out", "r").code == 0
    return clemsim


def test_clembenchs_layout(played: Clemsim, tmp_path: Path) -> None:
    result = played("export", "r", "--format", "clembench", "--out", "out")
    assert result.code == 0 and "54 episodes in out" in result.out
    episode = tmp_path / "out" / "baseline-t0.0" / "taboo" / "high_en" / "instance_00000"
    files = {path.name for path in episode.iterdir()}
    assert files == {
        *("instance.json", "interactions.json", "scores.json", "completed.json"),
        *("player_1.requests.json", "player_2.requests.json"),
    }
    scores = json.loads((episode / "scores.json").read_text())["episode scores"]
    assert scores["Main Score"] == 100 and scores["Aborted"] == 0 and "Request Count" in scores
    interactions = json.loads((episode / "interactions.json").read_text())
    assert interactions["players"]["Player 1"] == {"game_role": "WordDescriber", "model_name": "baseline"}
    kinds = [(event["from"], event["to"], event["action"]["type"]) for turn in interactions["turns"] for event in turn]
    assert kinds[:2] == [("GM", "Player 1", "send message"), ("Player 1", "GM", "get message")]
    assert kinds[-1] == ("GM", "GM", "correct guess")
    instance = json.loads((episode / "instance.json").read_text())
    assert list(instance) == ["game_id", "target_word", "related_word", "target_word_stem", "related_word_stem"]
    assert json.loads((tmp_path / "out" / "baseline-t0.0" / "run.json").read_text())["clem_version"] == "3.7.2"


@pytest.mark.peer
@pytest.mark.skipif(not CLEM, reason="set CLEMSIM_TEST_CLEM to the path of clemcore's `clem`")
def test_clemcore_computes_the_same_table(clemsim: Clemsim, tmp_path: Path) -> None:
    agents = ("--agent", "baseline", "--agent", "random")
    summary = clemsim("run", "--suite", "paper", *agents, "--out", "r", "--json").json
    clemsim("export", "r", "--format", "clembench", "--out", "out")
    for command in ("eval", "transcribe"):
        subprocess.run([CLEM, command, "-r", "out"], cwd=tmp_path, check=True, capture_output=True, timeout=300)
    with (tmp_path / "out" / "results.csv").open() as file:
        rows = {row[""].removesuffix("-t0.0"): row for row in csv.DictReader(file)}
    assert rows.keys() == summary["agents"].keys()
    for name, agent in summary["agents"].items():
        assert float(rows[name]["-, clemscore"]) == agent["clemscore"]
        assert float(rows[name]["all, Average % Played"]) == agent["played"]
        assert float(rows[name]["all, Average Quality Score"]) == agent["quality"]
        for arena, scores in agent["arenas"].items():
            assert float(rows[name][f"{arena}, % Played"]) == scores["played"]
            assert float(rows[name][f"{arena}, Quality Score"]) == scores["quality"]
    assert len(list((tmp_path / "out").rglob("transcript.html"))) == 840


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(not (CLEM and CHECKOUT), reason="set CLEMSIM_TEST_CLEM and CLEMSIM_TEST_CLEMBENCH (a checkout)")
def test_clemcore_scores_an_export_as_clemsim_did(played: Clemsim, tmp_path: Path) -> None:
    played("export", "r", "--format", "clembench", "--out", "first")
    played("import", "clembench", "first", "--out", "back")
    played("export", "back", "--format", "clembench", "--out", "second")
    exports = [str(tmp_path / name) for name in ("first", "second")]
    script = Path(__file__).parents[2] / "benchmarks" / "clemcore_numbers.py"
    ran = subprocess.run([sys.executable, str(script), *exports], capture_output=True, text=True, check=False, timeout=900)
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(each["scored"], each["transcribed"], each["differences"]) for each in found] == [(54, 54, [])] * 2


def test_json_lines(played: Clemsim, tmp_path: Path) -> None:
    assert "54 episodes in r.jsonl" in played("export", "r", "--format", "jsonl").out
    rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert len(rows) == 54
    assert rows[0]["label"] == "taboo/high_en/0" and rows[0]["scores"]["Main Score"] == rows[0]["quality"]
    assert rows[0]["events"][-1]["type"] == "ended"


def test_a_trace_for_load_testers(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as server:
        clemsim("run", "--agent", f"{MODEL}@{server.url}", "--arena", "referencegame", "--out", "r")
    assert "6 requests in r.trace.jsonl" in clemsim("export", "r", "--format", "trace").out
    rows = [json.loads(line) for line in (tmp_path / "r.trace.jsonl").read_text().splitlines()]
    assert rows[0]["timestamp"] == 0 and len({row["session_id"] for row in rows}) == 6
    assert {(row["output_length"], row["extra"]["min_tokens"]) for row in rows} == {(2, 2)}
    assert all([message["role"] for message in row["messages"]] == ["user"] for row in rows)


def test_traces_of_sizes_have_a_hash_for_every_block(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as server:
        clemsim("run", "--agent", f"{MODEL}@{server.url}", "--arena", "referencegame", "--out", "r")
    for name, expected in (("mooncake", 3), ("mooncake-deltas", 3)):
        assert clemsim("export", "r", "--format", name, "--block", "2", "--out", f"{name}.jsonl").code == 0
        rows = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        assert {(row["input_length"], row["output_length"], len(row["hash_ids"])) for row in rows} == {(5, 2, expected)}
    refused = clemsim("export", "r", "--format", "trace", "--block", "2")
    assert refused.code == 2 and "--block goes with --format mooncake or mooncake-deltas" in refused.err
    assert clemsim("export", "r", "--format", "otel").code == 0
    line = json.loads((tmp_path / "r.otel.jsonl").read_text().splitlines()[0])
    span = line["resourceSpans"][0]["scopeSpans"][0]["spans"][-1]
    attributes = {attribute["key"]: attribute["value"] for attribute in span["attributes"]}
    assert attributes["gen_ai.usage.input_tokens"] == {"intValue": "5"}
    assert int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"])


def test_what_goes_with_which_format(played: Clemsim, tmp_path: Path) -> None:
    written = played("export", "r", "--format", "hf", "--dataset", "me/games", "--out", "hub")
    assert written.code == 0 and "2 files of results in hub" in written.out
    assert (tmp_path / "hub" / "models" / "random" / ".eval_results" / "quick.yaml").is_file()
    for words, told in (
        (("hf",), "give the benchmark's dataset on the Hub, --dataset OWNER/NAME"),
        (("jsonl", "--to", "x"), "--to goes with --format otel or mlflow or wandb"),
        (("html", "--to", "x"), "--to goes with --format otel or mlflow or wandb"),
        (("mlflow", "--out", "x"), "--format mlflow is sent: --to says where"),
        (("otel", "--to", "http://127.0.0.1:9"), "no requests to a server"),
    ):
        refused = played("export", "r", "--format", *words)
        assert refused.code == 2 and told in refused.err and len(refused.err.splitlines()) == 1


def test_parquet_and_frames(played: Clemsim, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    assert "54 episodes in p" in played("export", "r", "--format", "parquet", "--out", "p").out
    run = package.open_run(tmp_path / "r")
    for name in ("episodes", "turns", "scores"):
        read = pandas.read_parquet(tmp_path / "p" / f"{name}.parquet")
        assert len(read) == len(run.pandas(name)) == run.polars(name).height > 50
        assert list(read.columns) == list(polars.read_parquet(tmp_path / "p" / f"{name}.parquet").columns)
    episodes = run.pandas("episodes")
    summary = played("show", "r", "--json").json["agents"]["baseline"]["arenas"]["wordle"]
    rows = episodes[(episodes.agent == "baseline") & (episodes.arena == "wordle")]
    assert round(rows.quality.mean(), 2) == summary["quality"]
    assert set(run.turns["seat"]) >= {"describer", "guesser", "critic", "giver", "follower", "answerer"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere", "--format", "jsonl"], "there is no run at nowhere"),
        (["r", "--format", "trace"], "r has no requests to a server"),
        (["r", "--format", "jsonl", "--out", "r"], "r already exists"),
        (["r", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_messages_for_exports_that_are_impossible(played: Clemsim, words: list[str], expected: str) -> None:
    result = played("export", *words)
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1


def test_missing_tables_are_named(played: Clemsim, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run at"):
        package.open_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="there is no table 'games': choose one of episodes, turns, scores"):
        package.open_run(tmp_path / "r").pandas("games")


def test_agents_whose_names_would_be_one_folder_are_exported_apart(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "agents.py").write_text(NAMED)
    words = [word for name in ("Blank", "Slash", "Plain") for word in ("--agent", f"agents.py:{name}")]
    assert clemsim("run", "--arena", "taboo", "--instances", "1", *words, "--out", "r").code == 0
    said = clemsim("export", "r", "--format", "clembench", "--out", "x")
    assert said.code == 0 and said.out.startswith("9 episodes in x")
    folders = sorted(path.parent.name for path in (tmp_path / "x").glob("*/run.json"))
    assert len(folders) == 3 and "a_b-t0.0" in folders
    assert len(list((tmp_path / "x").rglob("scores.json"))) == 9
    assert clemsim("export", "r", "--format", "clembench", "--out", "x").code == 2


def test_an_export_that_fails_leaves_nothing(clemsim: Clemsim, tmp_path: Path) -> None:
    clemsim("run", "--arena", "taboo", "--instances", "1", "--agent", "baseline", "--out", "r")
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base, base:
        base.execute("UPDATE episodes SET quality = 7 WHERE id = 3")
    for form in ("clembench", "jsonl"):
        said = clemsim("export", "r", "--format", form, "--out", "x")
        assert said.code == 2 and "episode 3 (taboo/" in said.err and "is damaged" in said.err
    assert {path.name for path in tmp_path.iterdir()} == {"r"}


NAMED = """
from clemsim import Agent, Message
class Named(Agent):
    def __init__(self, arg, options):
        pass
    async def reply(self, view):
        return Message(view.seat, "?")
class Blank(Named):
    name = "a b"
class Slash(Named):
    name = "a/b"
class Plain(Named):
    name = "a_b"
"""
