"""`clemsim show`, `list`, `doctor` and `play`."""

from __future__ import annotations

import io
import json

import pytest

from clemsim.catalog.plugins import registered
from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, answer, serving_in_thread
from tests.engines.servers import says as respond


@pytest.fixture
def played(clemsim: Clemsim) -> Clemsim:
    """Play a run `r`."""
    assert clemsim("run", "--agent", "baseline", "--out", "r").code == 0
    return clemsim


def test_show_prints_the_table_the_episodes_and_a_transcript(played: Clemsim) -> None:
    result = played("show", "r")
    assert result.code == 0
    for expected in (
        "clemscore",
        "27 of 27 episodes",
        "taboo/high_en/0",
        "describer is asked",
        "CLUE: ",
        "success (quality",
    ):
        assert expected in result.out


@pytest.mark.parametrize("episode", ["7", "wordle/high_frequency/0"])
def test_show_one_episode(played: Clemsim, episode: str) -> None:
    result = played("show", "r", episode)
    assert "wordle/high_frequency/0 · baseline" in result.out
    assert "guess_feedback:" in result.out and "clemscore" not in result.out


def test_show_json_has_the_events(played: Clemsim) -> None:
    (shown,) = played("show", "r", "1", "--json").json["transcripts"]
    assert shown["label"] == "taboo/high_en/0"
    assert [event["type"] for event in shown["events"]][:3] == ["told", "asked", "replied"]
    assert shown["events"][-1]["type"] == "ended"


def test_show_names_a_missing_episode(played: Clemsim) -> None:
    result = played("show", "r", "chess/1")
    assert result.code == 2
    assert "there is no episode 'chess/1': give a number from 1 to 27" in result.err


def test_replies_cannot_control_the_terminal(clemsim: Clemsim) -> None:
    evil = "CLUE: \x1b]0;owned\x07 [red]hello[/red] \u202e \x1b[2J"
    handlers = [respond(200, json.dumps(answer(evil)))] * 20
    with serving_in_thread(FakeServer(faults=handlers)) as server:
        clemsim("run", "--agent", f"{MODEL}@{server.url}", "--arena", "taboo", "--instances", 1, "--out", "r")
    result = clemsim("show", "r")
    assert "\x1b" not in result.out and "\x07" not in result.out and "\u202e" not in result.out
    assert "\\x1b" in result.out and "[red]hello[/red]" in result.out


def test_list_arenas(clemsim: Clemsim) -> None:
    arenas = {row["name"]: row for row in clemsim("list", "arenas", "--json").json["arenas"]}
    assert arenas["taboo"]["experiments"] == {"high_en": 20, "medium_en": 20, "low_en": 20}
    schemes = {name: row for name, row in arenas.items() if name.endswith(":NAME")}
    assert "of TextArena" in schemes["textarena:NAME"]["about"]
    assert set(arenas) - set(schemes) == set(registered("arenas"))
    assert arenas["wordle"]["experiments"] == {"high_frequency": 10, "medium_frequency": 20}
    assert all(row["baseline"] != (name in schemes) for name, row in arenas.items())
    printed = clemsim("list", "arenas").out
    assert "referencegame" in printed and "…" not in printed


def test_list_suites_and_agents(clemsim: Clemsim) -> None:
    suites = {row["name"]: row["episodes"] for row in clemsim("list", "suites", "--json").json["suites"]}
    assert sum(suites["quick"].values()) == 27 and sum(suites["paper"].values()) == 420
    assert suites["quick"].keys() == suites["paper"].keys()
    specs = {row["spec"] for row in clemsim("list", "agents", "--json").json["agents"]}
    assert specs >= {"local", "MODEL@URL", "baseline", "random", "human"}


def test_doctor(clemsim: Clemsim) -> None:
    result = clemsim("doctor", "--json")
    assert {check["what"] for check in result.json["checks"]} >= {"python", "arenas", "suites", "xllamacpp"}
    assert result.code == 0 and result.json["ok"] is True
    down = clemsim("doctor", "--agent", "q@http://127.0.0.1:9/v1")
    assert down.code == 1 and "no server answers" in down.out


def test_a_person_plays(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("explanation: I begin\nguess: stare\n\nguess: plant\n\n"))
    result = clemsim("play", "wordle")
    assert result.code == 0
    assert "guess_feedback: s<" in result.err
    assert "aborted: the reply does not start with 'explanation:'" in result.out


def test_a_person_leaves(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    result = clemsim("play", "taboo", "--seat", "guesser")
    assert result.code == 2
    assert "the input has ended" in result.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["chess"], "there is no arena 'chess'"),
        (["taboo", "--seat", "judge"], "taboo has no seat 'judge': choose one of describer, guesser"),
        (["taboo", "--instance", "x/1"], "taboo has no instance 'x/1': its experiments are high_en"),
    ],
)
def test_play_something_else(clemsim: Clemsim, words: list[str], expected: str) -> None:
    result = clemsim("play", *words)
    assert result.code == 2
    assert expected in result.err and len(result.err.splitlines()) == 1


def test_help_has_examples(clemsim: Clemsim) -> None:
    for command in ("run", "resume", "score", "show", "play", "list", "doctor"):
        assert "clemsim " + command in clemsim(command, "--help").out.split("Usage:")[1].split("\n", 1)[1]
    assert "Usage" in clemsim().out
    assert clemsim("--version").out.startswith("clemsim ")
