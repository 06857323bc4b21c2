"""`clemsim show`, `list`, `doctor` and `play`."""

from __future__ import annotations

import io
import json

import pytest

from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, answer, serving_in_thread
from tests.engines.servers import says as respond


@pytest.fixture
def played(clemsim: Clemsim) -> Clemsim:
    """A run `r` to look at."""
    assert clemsim("run", "--agent", "baseline", "--out", "r").code == 0
    return clemsim


def test_show_prints_the_table_the_episodes_and_a_transcript(played: Clemsim) -> None:
    said = played("show", "r")
    assert said.code == 0
    for expected in (
        "clemscore",
        "27 of 27 episodes",
        "taboo/high_en/0",
        "describer is asked",
        "CLUE: ",
        "success (quality",
    ):
        assert expected in said.out


@pytest.mark.parametrize("episode", ["7", "wordle/high_frequency/0"])
def test_show_one_episode(played: Clemsim, episode: str) -> None:
    said = played("show", "r", episode)
    assert "wordle/high_frequency/0 · baseline" in said.out
    assert "guess_feedback:" in said.out and "clemscore" not in said.out


def test_show_json_has_the_events(played: Clemsim) -> None:
    (found,) = played("show", "r", "1", "--json").json["transcripts"]
    assert found["label"] == "taboo/high_en/0"
    assert [event["type"] for event in found["events"]][:3] == ["told", "asked", "replied"]
    assert found["events"][-1]["type"] == "ended"


def test_show_an_episode_that_is_not_there(played: Clemsim) -> None:
    said = played("show", "r", "chess/1")
    assert said.code == 2
    assert "there is no episode 'chess/1': give a number from 1 to 27" in said.err


def test_what_a_model_says_cannot_steer_the_terminal(clemsim: Clemsim) -> None:
    evil = "CLUE: \x1b]0;owned\x07 [red]hello[/red] \u202e \x1b[2J"
    handlers = [respond(200, json.dumps(answer(evil)))] * 20
    with serving_in_thread(FakeServer(faults=handlers)) as server:
        clemsim("run", "--agent", f"{MODEL}@{server.url}", "--arena", "taboo", "--instances", 1, "--out", "r")
    said = clemsim("show", "r")
    assert "\x1b" not in said.out and "\x07" not in said.out and "\u202e" not in said.out
    assert "\\x1b" in said.out and "[red]hello[/red]" in said.out


def test_list_arenas(clemsim: Clemsim) -> None:
    found = {row["name"]: row for row in clemsim("list", "arenas", "--json").json["arenas"]}
    assert found["taboo"]["experiments"] == {"high_en": 20, "medium_en": 20, "low_en": 20}
    assert len(found) == 7
    assert found["wordle"]["experiments"] == {"high_frequency": 10, "medium_frequency": 20}
    assert all(row["baseline"] for row in found.values())
    printed = clemsim("list", "arenas").out
    assert "referencegame" in printed and "…" not in printed


def test_list_suites_and_agents(clemsim: Clemsim) -> None:
    suites = {row["name"]: row["episodes"] for row in clemsim("list", "suites", "--json").json["suites"]}
    assert sum(suites["quick"].values()) == 27 and sum(suites["paper"].values()) == 420
    assert suites["quick"].keys() == suites["paper"].keys()
    specs = {row["spec"] for row in clemsim("list", "agents", "--json").json["agents"]}
    assert specs >= {"local", "MODEL@URL", "baseline", "random", "human"}


def test_doctor(clemsim: Clemsim) -> None:
    said = clemsim("doctor", "--json")
    assert {check["what"] for check in said.json["checks"]} >= {"python", "arenas", "suites", "xllamacpp"}
    assert said.code == 0 and said.json["ok"] is True
    down = clemsim("doctor", "--agent", "q@http://127.0.0.1:9/v1")
    assert down.code == 1 and "no server answers" in down.out


def test_a_person_plays(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("explanation: I begin\nguess: stare\n\nguess: plant\n\n"))
    said = clemsim("play", "wordle")
    assert said.code == 0
    assert "guess_feedback: s<" in said.err
    assert "aborted: the reply does not start with 'explanation:'" in said.out


def test_a_person_leaves(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    said = clemsim("play", "taboo", "--seat", "guesser")
    assert said.code == 2
    assert "the input has ended" in said.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["chess"], "there is no arena 'chess'"),
        (["taboo", "--seat", "judge"], "taboo has no seat 'judge': choose one of describer, guesser"),
        (["taboo", "--instance", "x/1"], "taboo has no instance 'x/1': its experiments are high_en"),
    ],
)
def test_play_something_else(clemsim: Clemsim, words: list[str], expected: str) -> None:
    said = clemsim("play", *words)
    assert said.code == 2
    assert expected in said.err and len(said.err.splitlines()) == 1


def test_help_has_examples(clemsim: Clemsim) -> None:
    for command in ("run", "resume", "score", "show", "play", "list", "doctor"):
        assert "clemsim " + command in clemsim(command, "--help").out.split("Usage:")[1].split("\n", 1)[1]
    assert "Usage" in clemsim().out
    assert clemsim("--version").out.startswith("clemsim ")
