"""`clemsim analyze` and `clemsim compare`."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from tests.analysis.conftest import CHARACTERISTICS, RESULTS
from tests.cli.conftest import Clemsim

INDEX = """
[[member]]
run = "../one"
model = "ant-7b"
characteristics = { name = "ant", parameters = 7.0, released = 2024-03-01, open_weights = true, access = "local" }
[[member]]
run = "../two"
model = "ant-7b-q4"
characteristics = { name = "ant", parameters = 7.0, quantisation = 4.0, released = "2024-04-01", open_weights = true }
[[member]]
run = "../nowhere"
model = "bee"
"""


@pytest.fixture
def runs(clemsim: Clemsim) -> Clemsim:
    """Runs `one` and `two` of different players, on the same instances."""
    for agent, folder in (("baseline", "one"), ("random", "two")):
        arenas = ("--arena", "taboo", "--arena", "wordle", "--arena", "referencegame")
        assert clemsim("run", "--agent", agent, *arenas, "--out", folder).code == 0
    return clemsim


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "results.csv").write_text(RESULTS)
    (tmp_path / "models.csv").write_text(CHARACTERISTICS)
    return tmp_path


def test_published_tables(clemsim: Clemsim, tables: Path) -> None:
    said = clemsim(
        "analyze", "results.csv", "--characteristics", "models.csv", "--figures", "svg", "--only", "abf", "--score", 25
    )
    assert said.code == 0, said.err
    assert "report: analysis/report.html" in said.out and "What was left out" in said.out
    assert "On all 4 models with parameters" in " ".join(said.out.split())
    assert "analysing 8 models in 2 games" in said.err and "drawing a_size" in said.err
    figures = sorted(path.name for path in (tables / "analysis" / "figures").iterdir())
    assert figures == ["a_size.svg", "b_buckets.svg", "f_quantisation.svg"]
    with (tables / "analysis" / "tables" / "size_for_a_score.csv").open() as file:
        assert [row["clemscore"] for row in csv.DictReader(file)] == ["25.0"]
    again = clemsim("analyze", "results.csv", "--only", "b", "--figures", "none", "--json")
    assert again.code == 0 and set(again.json["analyses"]) == {"scores", "b"}  # over what was there before


def test_games_between_models(clemsim: Clemsim, tables: Path) -> None:
    (tables / "games.csv").write_text("first,second,score\na,b,1\nb,a,1\na,b,0.5\n")
    said = clemsim("analyze", "results.csv", "--only", "b", "--games", "games.csv", "--figures", "none", "--json")
    assert [row["model"] for row in said.json["analyses"]["ratings"]["tables"]["ratings"]][-1] == "(first seat)"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere.csv"], "nowhere.csv is not there: name a run"),
        (["results.csv", "--characteristics", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["results.csv", "--only", "xyz"], "there is no analysis 'x': choose some of abcdefghi"),
        (["results.csv", "--figures", "gif"], "a figure can't be written as 'gif'"),
        (["results.csv", "--profile", "nobody"], "there is no model 'nobody'"),
        (["results.csv", "--out", "full"], "full already exists and is no analysis: choose another --out"),
        (["results.csv", "--games", "models.csv"], "has the columns first, second and score"),
    ],
)
def test_what_can_not_be_analysed(clemsim: Clemsim, tables: Path, words: list[str], expected: str) -> None:
    (tables / "full").mkdir()
    (tables / "full" / "letter").write_text("dear")
    said = clemsim("analyze", *words)
    assert said.code == 2 and expected in said.err.splitlines()[-1] and "Traceback" not in said.err


def test_without_the_extra(clemsim: Clemsim, tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("clemsim.analysis", "clemsim.cli.analysis_commands"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("clemsim.cli.analysis_commands", raising=False)
    monkeypatch.setitem(sys.modules, "polars", None)
    said = clemsim("analyze", "results.csv")
    assert said.code == 2 and "pip install 'clemsim[analysis]'" in said.err


def test_a_study(runs: Clemsim, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "index.toml").write_text(INDEX)
    found = runs("analyze", "study", "--figures", "none", "--json").json
    assert found["left_out"][0] == "members that have not been played are left out: ../nowhere"
    scores = {row["model"]: row for row in found["analyses"]["scores"]["tables"]["scores"]}
    for name, folder in (("ant-7b", "one"), ("ant-7b-q4", "two")):
        summary = json.loads((tmp_path / folder / "summary.json").read_text())
        assert scores[name]["clemscore"] == summary["clemscore"] and scores[name]["games"] == 3
    terms = {row["term"] for row in found["analyses"]["scores"]["tables"]["scores_mixed"]}
    assert terms == {"intercept", "ant-7b-q4", "deviation of game", "deviation of instance", "deviation of residual"}
    (row,) = found["analyses"]["f"]["tables"]["quantisation_differences"]
    assert (row["model"], row["reference"], row["verdict"]) == ("ant-7b-q4", "ant-7b", "lower")
    assert "Of 2 models with open weights, none was better" in found["analyses"]["i"]["sentences"][0]


def test_runs_of_one_member_are_repetitions_and_pairings_are_left_out(runs: Clemsim, tmp_path: Path) -> None:
    assert runs("run", "--agent", "random", "--arena", "taboo", "--seed", 9, "--out", "again").code == 0
    (tmp_path / "index.toml").write_text(
        "[[member]]\nrun = 'two'\nmodel = 'dice'\n[[member]]\nrun = 'again'\nmodel = 'dice'\n"
        "[[member]]\nrun = 'one'\nseats = {a = 'x', b = 'y'}\n[[missing]]\nrun = 'later'\nwhy = 'not played yet'\n"
    )
    found = runs("analyze", ".", "--only", "d", "--figures", "none", "--suite", "quick", "--json").json
    episodes = {row["game"]: row["episodes"] for row in found["analyses"]["d"]["tables"]["profiles"]}
    assert episodes == {"taboo": 12, "wordle": 4, "referencegame": 6}
    notes = "\n".join(found["left_out"])
    assert "not been played are left out: later" in notes and "pairings of several models are left out: one" in notes
    assert "dice: 2 runs, taken as repetitions of the same instances" in notes and "differ in seed: 0, 9" in notes
    said = runs("analyze", ".", "--suite", "paper")
    assert said.code == 2 and "nothing was played in what was named with suite paper" in said.err


def test_runs_of_different_suites_are_not_one_study(runs: Clemsim) -> None:
    assert runs("suite", "generate", "--seed", 7, "--out", "fresh").code == 0
    assert (
        runs("run", "--suite", "fresh", "--arena", "taboo", "--agent", "baseline", "--instances", 2, "--out", "three").code
        == 0
    )
    said = runs("analyze", "one", "three")
    assert said.code == 2 and "runs of different suites can't be analysed together" in said.err
    said = runs("compare", "one", "three")
    assert said.code == 2 and "their suites are quick" in said.err and len(said.err.splitlines()) == 1


def test_constrained_runs_are_not_mixed_with_plain_ones_unless_asked_for(runs: Clemsim, tmp_path: Path) -> None:
    about = tmp_path / "two" / "run.toml"
    about.write_text(about.read_text().replace("constrain = false", "constrain = true"))

    def analysed(*words: str) -> tuple[set[str], str]:
        said = runs("analyze", "one", "two", "--only", "b", "--figures", "none", *words, "--json")
        assert said.code == 0, said.err
        rows = said.json["analyses"]["scores"]["tables"]["scores"]
        return {row["model"] for row in rows}, str(said.json["left_out"])

    names, left = analysed()
    assert names == {"baseline"} and "1 runs with constrained decoding are left out" in left
    assert analysed("--decoding", "constrained")[0] == {"random (constrained)"}
    assert analysed("--decoding", "all")[0] == {"baseline", "random (constrained)"}
    assert analysed("--only", "b")[0] == {"baseline"}


def test_two_runs_with_one_name_are_told_apart(runs: Clemsim) -> None:
    found = runs("analyze", "one", "one", "--only", "b", "--figures", "none", "--json").json
    assert [row["model"] for row in found["analyses"]["scores"]["tables"]["scores"]] == ["baseline", "baseline #2"]


def test_comparing_two_runs(runs: Clemsim) -> None:
    found = runs("compare", "one", "two", "--json").json
    rows = {(row["game"], row["metric"]): row for row in found["rows"]}
    assert (found["a"], found["b"]) == ("baseline", "random")
    assert len(rows) == 9 and rows["overall", "clemscore"]["verdict"] == "higher"
    row = rows["wordle", "quality"]
    assert row["difference"] == pytest.approx(row["a"] - row["b"]) and row["p_holm"] >= row["p"] and row["instances"] == 4
    hangs = found["sensitivity"]
    assert set(hangs["without"]) == {"taboo", "wordle", "referencegame"} and not hangs["fragile"]
    assert hangs["rules"]["paper"] == rows["overall", "clemscore"]["difference"]
    said = runs("compare", "one", "two")
    assert "With one game left out the difference lies between" in said.out
    assert said.code == 0 and "clemscore: baseline lies" in " ".join(said.out.split())
    assert max(map(len, said.out.splitlines())) <= 80


def test_a_run_against_itself_is_level(runs: Clemsim) -> None:
    found = runs("compare", "one", "one", "--json").json
    assert {row["verdict"] for row in found["rows"]} == {"undecided"}
    assert {row["difference"] for row in found["rows"]} == {0.0}
    assert found["a"] == "baseline (one)"


def test_what_differs_between_runs_is_refused_or_named(runs: Clemsim) -> None:
    words = ("--agent", "random", "--arena", "taboo", "--instances", 1)
    assert runs("run", *words, "--constrain", "--out", "held").code == 0
    assert runs("run", *words, "--seed", 5, "--temperature", 0.5, "--out", "warm").code == 0
    said = runs("compare", "two", "held")
    assert said.code == 2 and "only held was played with constrained decoding (--anyway" in said.err
    anyway = runs("compare", "two", "held", "--anyway", "--json").json
    assert "only held was played with constrained decoding" in anyway["notes"][0] and anyway["b"] == "random (constrained)"
    named = runs("compare", "two", "warm", "--json").json["notes"]
    assert named[:2] == ["seed was 0 and 5", "temperature was 0.0 and 0.5"]
    assert "instances that only A has finished are left out" in named[2]


def test_who_is_compared(runs: Clemsim) -> None:
    assert runs("run", "--agent", "baseline", "--agent", "random", "--arena", "taboo", "--out", "both").code == 0
    said = runs("compare", "both", "both")
    assert said.code == 2 and "both has several agents: choose with --a one of baseline, random" in said.err
    said = runs("compare", "one", "both", "--b", "nobody")
    assert said.code == 2 and "both has no agent 'nobody'" in said.err
    assert runs("compare", "both", "both", "--a", "baseline", "--b", "random").code == 0
    said = runs("compare", "one", "nowhere")
    assert said.code == 2 and "there is no run at nowhere" in said.err
