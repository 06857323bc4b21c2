"""Finished runs in MLflow and Weights & Biases, read back through their own packages where they are installed."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim.errors import UsageError
from clemsim.interop.destinations import DESTINATIONS
from clemsim.interop.trackers.tracked import named, tracked_agents
from clemsim.store.folder import STORE

CONNECT = "examples/cookbook/connect_four.py"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> clemsim.Run:
    """A run of two agents."""
    folder = tmp_path_factory.mktemp("tracked") / "run"
    return asyncio.run(clemsim.run(suite="quick", arenas=["taboo", "wordle"], agents=["baseline", "random"], out=folder))


def send(name: str, run: clemsim.Run, to: str | None) -> str:
    return DESTINATIONS[name].send(run.folder, to, trust=False)


def expected(run: clemsim.Run, agent: str) -> dict[str, float]:
    own = run.summary.agents[agent]
    found = {"clemscore": own.clemscore, "played": own.played}
    found |= {f"{game}/{name}": getattr(scores, name) for game, scores in own.arenas.items() for name in ("played", "worth")}
    for name in ("clemscore", "played"):
        low, high = getattr(own.ci, name) or (None, None)
        found |= {f"{name}_low": low, f"{name}_high": high}
    return {name: value for name, value in found.items() if value is not None}


def test_what_is_told_of_an_agent_has_its_scores_and_settings(played: clemsim.Run) -> None:
    told = {each.tags["clemsim.agent"]: each for each in tracked_agents(played.folder)}
    assert told.keys() == {"baseline", "random"} and len({each.identity for each in told.values()}) == 2
    assert told["random"].metrics.items() >= expected(played, "random").items()
    assert told["random"].settings["config.suite"] == "quick" and "agents.random.engine" in told["random"].settings
    assert "agents.baseline.engine" not in told["random"].settings
    assert orjson.loads(told["random"].files["summary.json"])["suite"] == "quick"
    assert b"<table" in told["random"].files["scores.html"]
    assert named("a:b(c)\n/d") == "a_b_c__/d"


def test_scores_by_seat_are_told_of_the_agents_of_a_cast(tmp_path: Path) -> None:
    agents = [f"{CONNECT}:Careful", "random"]
    config: Any = {"arenas": f"{CONNECT}:ConnectFour", "pairings": "round-robin", "instances": 1}
    run = asyncio.run(clemsim.run(**config, agents=agents, out=tmp_path / "run"))
    table = (run.summary.seat_scores or {})["connect_four"]
    for told in tracked_agents(run.folder):
        players = {part.partition("=")[2] for part in told.tags["clemsim.agent"].split(",")}
        by_seat = {name.split("/")[1]: value for name, value in told.metrics.items() if name.endswith("/won")}
        assert by_seat == {agent: float(table[agent].won) for agent in players}


@pytest.mark.parametrize(("name", "package"), [("mlflow", "mlflow"), ("wandb", "wandb")])
def test_without_the_package_the_line_says_what_to_install(played: clemsim.Run, name: str, package: str) -> None:
    if find_spec(package):
        pytest.skip(f"{package} is installed")
    with pytest.raises(UsageError, match=rf"needs the extra `{name}`: pip install 'clemsim\[{name}\]'"):
        send(name, played, None)


def test_mlflow_has_a_run_for_each_agent_however_often_it_is_told(
    played: clemsim.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow: Any = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install mlflow-skinny")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = f"file://{tmp_path}/store"
    assert send("mlflow", played, uri) == f"2 runs in the experiment clemsim/quick of {uri}"
    assert send("mlflow", played, uri).endswith("2 of them there before")
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("clemsim/quick")
    runs = {run.data.tags["clemsim.agent"]: run for run in client.search_runs([experiment.experiment_id])}
    assert len(client.search_runs([experiment.experiment_id])) == 2
    for agent, run in runs.items():
        assert run.data.metrics.items() >= expected(played, agent).items() and run.info.status == "FINISHED"
        assert run.data.params["config.suite"] == "quick" and run.data.params[f"agents.{agent}.engine"]
        kept = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert kept == {"run.toml", "scores.html", "summary.json"}


def test_what_mlflow_refuses_is_one_line_without_a_password(played: clemsim.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="MLflow is not installed: pip install mlflow-skinny")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UsageError, match=r"^MLflow at http://127.0.0.1:9 took no results: ") as raised:
        send("mlflow", played, "http://me:pa55word@127.0.0.1:9")
    assert "pa55word" not in str(raised.value)


def test_a_database_wants_all_of_mlflow(played: clemsim.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="MLflow is not installed: pip install mlflow-skinny")
    monkeypatch.setattr("clemsim.interop.trackers.mlflow.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^sqlite:///x.db needs all of MLflow: pip install mlflow, or name a server"):
        send("mlflow", played, "sqlite:///x.db")


def records(path: Path) -> Iterator[Any]:
    """Yield the records of a file of wandb's, which is a log of LevelDB with a head of 7 bytes, as its own messages."""
    internal: Any = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    data, place, part = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        size, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        part += data[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield internal.Record.FromString(part)
            part = b""


def test_wandb_without_a_network_has_a_run_for_each_agent(played: clemsim.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    for _ in range(2):
        assert send("wandb", played, "me/games").startswith("2 runs in the project games, offline: wandb sync ")
    place = played.folder.with_name(f"{played.folder.name}-wandb")
    files = list(place.glob("wandb/offline-run-*/run-*.wandb"))
    told = {each.identity: each for each in tracked_agents(played.folder)}
    assert sorted(path.stem.removeprefix("run-") for path in files) == sorted(told)
    for path in files:
        agent = told[path.stem.removeprefix("run-")]
        found = list(records(path))
        (run,) = (record.run for record in found if record.HasField("run"))
        assert (run.run_id, run.project, run.entity, run.run_group) == (agent.identity, "games", "me", agent.group)
        config = {item.key: orjson.loads(item.value_json) for item in run.config.update}
        assert config.items() >= {**agent.settings, **agent.tags}.items()
        summary = {
            item.key or "/".join(item.nested_key): orjson.loads(item.value_json)
            for record in found
            if record.HasField("summary")
            for item in record.summary.update
        }
        assert summary.items() >= dict(agent.metrics).items()
        assert any(record.HasField("request") or record.HasField("artifact") for record in found)


def test_a_run_in_which_nothing_has_ended_is_told_nowhere(played: clemsim.Run, tmp_path: Path) -> None:
    shutil.copytree(played.folder, tmp_path / "run")
    with closing(sqlite3.connect(tmp_path / "run" / STORE)) as base, base:
        base.execute("UPDATE episodes SET status = 'unfinished', outcome = NULL, cause = 'stopped'")
    with pytest.raises(UsageError, match="no finished episode: there are no results to track"):
        tracked_agents(tmp_path / "run")
