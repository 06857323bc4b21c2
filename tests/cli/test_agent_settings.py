"""Agents with settings of their own, and servers that refuse parameters, as a user sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tomllib import loads

import orjson
import pytest
from aiohttp import web

from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, answer, serving_in_thread


class Reasoning(FakeServer):
    """Refuses max_tokens and temperature, as OpenAI's reasoning models do."""

    strict = True

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/chat/completions."""
        body = await request.json()
        self.bodies.append(body)
        for name, more in (("max_tokens", "Use 'max_completion_tokens' instead."), ("temperature", "Only 1 is supported.")):
            if self.strict and name in body:
                error = {"message": f"'{name}' is not supported with this model. {more}", "param": name}
                return web.json_response({"error": error}, status=400)
        return web.json_response(answer("CLUE: hello", "stop"))


@pytest.fixture
def server() -> Iterator[Reasoning]:
    with serving_in_thread(Reasoning()) as running:
        assert isinstance(running, Reasoning)
        yield running


def test_a_run_learns_what_a_model_refuses_says_it_once_and_plays_on(clemsim: Clemsim, server: Reasoning) -> None:
    words = ["--suite", "quick", "--arena", "taboo", "--agent", f"{MODEL}@{server.url}/v1", "--instances", 1, "--out", "r"]
    said = clemsim("run", *words, "--width", 1)
    told = " ".join(said.out.split())
    assert said.code == 0, said.err
    assert told.count("refuses max_tokens: it is sent as max_completion_tokens") == 1
    assert told.count("refuses temperature=0.0: it plays with the server's own temperature") == 1
    assert [sorted({"max_tokens", "temperature"} & set(body)) for body in server.bodies[:4]] == [
        ["max_tokens", "temperature"],
        ["temperature"],
        [],
        [],
    ]
    summary = clemsim("show", "r", "--json").json
    assert len(summary["notices"]) == 2 and not summary["causes"]


def test_four_agents_of_one_model(clemsim: Clemsim, server: Reasoning, tmp_path: Path) -> None:
    server.strict = False
    (tmp_path / "long.txt").write_text("You like long words.\n")
    spec = f"{MODEL}@{server.url}/v1"
    agents = [f"{spec}?temperature=0.7&name=hot", f"{spec}?system=Be brief.&name=brief", f"{spec}?system=@long.txt", spec]
    words = [word for agent in agents for word in ("--agent", agent)]
    said = clemsim("run", "--arena", "taboo", *words, "--instances", 1, "--out", "r")
    assert said.code == 0, said.err
    names = ["hot", "brief", f"{MODEL}?system=You like long words.", MODEL]
    assert sorted(clemsim("show", "r", "--json").json["agents"]) == sorted(names)
    sent = {(body["temperature"], body["messages"][0]["content"][:8]) for body in server.bodies}
    assert {temperature for temperature, _ in sent} == {0.0, 0.7}
    assert {"Be brief", "You like"} < {start for _, start in sent}
    described = loads((tmp_path / "r" / "run.toml").read_text())["agents"]
    assert described["brief"]["system"] == "Be brief." and described["hot"]["sampling"]["temperature"] == 0.7
    config = orjson.loads(clemsim("show", "r", "--config", "--json").out)
    assert config["agents"][names[2]]["system"] == "You like long words."
    told = " ".join(clemsim("compare", "r", "--a", "hot", "--b", "brief").out.split())
    assert "temperature was 0.7 of hot and 0.0 of brief" in told and "system was not set of hot and 'Be brief.'" in told
    table = " ".join(clemsim("analyze", "r", "--where", "temperature = 0.7").out.split())
    assert "hot" in table and "subset: models where temperature = 0.7: 1 of 4" in table
    table = " ".join(clemsim("analyze", "r", "--where", "temperature = 0").out.split())
    assert "subset: models where temperature = 0: 3 of 4" in table and "not known" not in table
    shown = clemsim("show", "r", "--config").out
    assert "system" in shown and "Be brief." in shown


def test_a_run_with_another_system_text_is_not_resumed(clemsim: Clemsim, server: Reasoning, tmp_path: Path) -> None:
    server.strict = False
    (tmp_path / "text").write_text("one")
    words = ["--arena", "taboo", "--agent", f"{MODEL}@{server.url}/v1?system=@text", "--instances", 1, "--out", "r"]
    assert clemsim("run", *words, "--max-requests", 1).code
    (tmp_path / "text").write_text("two")
    said = clemsim("resume", "r")
    assert said.code == 2 and "'system' of agent tiny was 'one' and is 'two'" in " ".join(said.err.split())


def test_agents_out_of_a_file(clemsim: Clemsim, server: Reasoning, tmp_path: Path) -> None:
    server.strict = False
    (tmp_path / "agents.toml").write_text(
        f"""[[model]]
name = "tiny"
[[model.variant]]
access = "plain"
agent = "{MODEL}@{server.url}/v1"
[[model.variant]]
access = "brief"
agent = "{MODEL}@{server.url}/v1"
settings = {{ system = "Be brief & kind.", temperature = 0.5, stop = ["END"] }}
"""
    )
    said = clemsim("run", "--arena", "taboo", "--agents", "agents.toml", "--instances", 1, "--out", "r")
    assert said.code == 0, said.err
    assert sorted(clemsim("show", "r", "--json").json["agents"]) == ["tiny, brief", "tiny, plain"]
    assert {body["messages"][0]["content"] for body in server.bodies if body.get("stop") == ["END"]} == {"Be brief & kind."}


def test_settings_that_are_wrong_are_one_line(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim("run", "--arena", "taboo", "--agent", "baseline?temprature=1")
    assert said.code == 2 and "temprature" in said.err and said.err.count("\n") <= 2
    (tmp_path / "agents.toml").write_text(
        '[[model]]\nname = "m"\n[[model.variant]]\naccess = "a"\nagent = "local"\nsettings = {heat = 1}\n'
    )
    said = clemsim("run", "--arena", "taboo", "--agents", "agents.toml")
    assert said.code == 2 and "there is no setting 'heat'" in " ".join(said.err.split())
