"""`clemsim analyze` and `clemsim compare`."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from clemsim.analysis.extra import LIBRARIES
from clemsim.analysis.kinds import KINDS
from clemsim.analysis.run_comparison import compare_runs
from clemsim.cli.analyze import analyze
from clemsim.errors import UsageError
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
    """Return a client with the runs `one` and `two` of different players, on the same instances."""
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
    result = clemsim(
        "analyze", "results.csv", "--characteristics", "models.csv", "--figures", "svg", "--only", "abf", "--score", 25
    )
    assert result.code == 0, result.err
    assert "report: analysis/report.html" in result.out and "What was left out" in result.out
    assert "On all 4 models with parameters" in " ".join(result.out.split())
    assert "analysing 8 models in 2 games" in result.err and "drawing a_size" in result.err
    figures = sorted(path.name for path in (tables / "analysis" / "figures").iterdir())
    assert figures == ["a_size.svg", "b_buckets.svg", "f_quantisation.svg", "scores_forest.svg"]
    with (tables / "analysis" / "tables" / "size_for_a_score.csv").open() as file:
        assert [row["clemscore"] for row in csv.DictReader(file)] == ["25.0"]
    again = clemsim("analyze", "results.csv", "--only", "b", "--figures", "none", "--json")
    assert again.code == 0 and set(again.json["analyses"]) == {"scores", "b"}  # over what was there before


def test_a_subset_stands_at_the_head_of_every_output(clemsim: Clemsim, tables: Path) -> None:
    words = ("results.csv", "--characteristics", "models.csv", "--where", "open or clemscore < 20", "--without", "wordle")
    result = clemsim("analyze", *words, "--only", "aj", "--figures", "svg")
    assert result.code == 0, result.err
    first, second = result.out.splitlines()[:2]
    assert first == "subset: without wordle: 1 of 2 games, also in all scores over games"
    assert second.strip() == "models where open or clemscore < 20: 4 of 8"
    assert max(map(len, result.out.splitlines())) <= 80
    folder = tables / "analysis"
    page, latex = (folder / "report.html").read_text(), (folder / "tables" / "scores.tex").read_text()
    assert "<b>Subset</b>: without wordle" in page and "models where open or clemscore &lt; 20: 4 of 8" in page
    assert "% subset: without wordle: 1 of 2 games" in latex
    assert "without wordle" in (folder / "figures" / "scores_forest.svg").read_text()
    with (folder / "tables" / "scores.csv").open() as file:
        assert all(row["subset"].startswith("without wordle") for row in csv.DictReader(file))
    with (folder / "tables" / "notes.csv").open() as file:
        assert next(csv.DictReader(file)) == {"about": "subset", "note": first.removeprefix("subset: ")}
    subset = json.loads((folder / "analysis.json").read_text())["subset"]
    assert subset[0] == first.removeprefix("subset: ") and "chosen by their scores" in subset[-1]


def test_games_between_models(clemsim: Clemsim, tables: Path) -> None:
    (tables / "games.csv").write_text("first,second,score\na,b,1\nb,a,1\na,b,0.5\n")
    result = clemsim("analyze", "results.csv", "--only", "b", "--games", "games.csv", "--figures", "none", "--json")
    rated = result.json["analyses"]["ratings"]["tables"]
    assert sorted(row["model"] for row in rated["ratings"]) == ["a", "b"] and rated["rating_seats"][0]["seat"] == "first"
    assert 0 < rated["rating_draws"][0]["drawn_by_equals"] < 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere.csv"], "nowhere.csv does not exist: name a run"),
        (["results.csv", "--characteristics", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["results.csv", "--only", "xyz"], "there is no analysis 'xyz': choose some of abcdefghijk"),
        (["results.csv", "--where", "colour = 3"], "--where: there is no column 'colour': there are model, played"),
        (["results.csv", "--without", "chess"], "--without: there is no game 'chess' here: there are taboo, wordle"),
        (["results.csv", "--groups", "models.csv"], "models.csv is no file of groups"),
        (["results.csv", "--figures", "gif"], "a figure cannot be written as 'gif'"),
        (["results.csv", "--profile", "nobody"], "there is no model 'nobody'"),
        (["results.csv", "--out", "full"], "full already exists and is no analysis: choose another --out"),
        (["results.csv", "--games", "models.csv"], "has the columns first, second and score"),
    ],
)
def test_sources_and_options_that_cannot_be_used(clemsim: Clemsim, tables: Path, words: list[str], expected: str) -> None:
    (tables / "full").mkdir()
    (tables / "full" / "letter").write_text("dear")
    result = clemsim("analyze", *words)
    assert result.code == 2 and expected in result.err.splitlines()[-1] and "Traceback" not in result.err


def test_without_the_extra(clemsim: Clemsim, tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("clemsim.analysis", "clemsim.cli.analysis_commands"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("clemsim.cli.analysis_commands", raising=False)
    monkeypatch.setitem(sys.modules, "polars", None)
    result = clemsim("analyze", "results.csv")
    assert result.code == 2 and "pip install 'clemsim[analysis]'" in result.err


def test_a_study(runs: Clemsim, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "index.toml").write_text(INDEX)
    output = runs("analyze", "study", "--figures", "none", "--json").json
    assert output["left_out"][0] == "members that have not been played are left out: ../nowhere"
    scores = {row["model"]: row for row in output["analyses"]["scores"]["tables"]["scores"]}
    for name, folder in (("ant-7b", "one"), ("ant-7b-q4", "two")):
        summary = json.loads((tmp_path / folder / "summary.json").read_text())
        assert scores[name]["clemscore"] == summary["clemscore"] and scores[name]["games"] == 3
    terms = {row["term"] for row in output["analyses"]["scores"]["tables"]["scores_mixed"]}
    assert terms == {"intercept", "ant-7b-q4", "deviation of game", "deviation of instance", "deviation of residual"}
    (row,) = output["analyses"]["f"]["tables"]["quantisation_differences"]
    assert (row["model"], row["reference"], row["verdict"]) == ("ant-7b-q4", "ant-7b", "lower")
    assert "The best of 2 models with open weights is the first" in output["analyses"]["i"]["sentences"][0]


def test_runs_of_one_member_are_repetitions_and_pairings_are_left_out(runs: Clemsim, tmp_path: Path) -> None:
    assert runs("run", "--agent", "random", "--arena", "taboo", "--seed", 9, "--out", "again").code == 0
    (tmp_path / "index.toml").write_text(
        "[[member]]\nrun = 'two'\nmodel = 'dice'\n[[member]]\nrun = 'again'\nmodel = 'dice'\n"
        "[[member]]\nrun = 'one'\nseats = {a = 'x', b = 'y'}\n[[missing]]\nrun = 'later'\nwhy = 'not played yet'\n"
    )
    output = runs("analyze", ".", "--only", "d", "--figures", "none", "--suite", "quick", "--json").json
    episodes = {row["game"]: row["episodes"] for row in output["analyses"]["d"]["tables"]["profiles"]}
    assert episodes == {"taboo": 12, "wordle": 4, "referencegame": 6}
    notes = "\n".join(output["left_out"])
    assert "not been played are left out: later" in notes and "pairings of several models are left out: one" in notes
    assert "dice: 2 runs, taken as repetitions of the same instances" in notes and "differ in seed: 0, 9" in notes
    result = runs("analyze", ".", "--suite", "paper")
    assert result.code == 2 and "nothing was played in what was named with suite paper" in result.err


def test_runs_of_different_suites_are_not_one_study(runs: Clemsim) -> None:
    assert runs("suite", "generate", "--seed", 7, "--out", "fresh").code == 0
    assert (
        runs("run", "--suite", "fresh", "--arena", "taboo", "--agent", "baseline", "--instances", 2, "--out", "three").code
        == 0
    )
    result = runs("analyze", "one", "three")
    assert result.code == 2 and "runs of different suites cannot be analysed together" in result.err
    result = runs("compare", "one", "three")
    assert result.code == 2 and "their suites are quick" in result.err and len(result.err.splitlines()) == 1


def test_constrained_and_plain_runs_are_mixed_only_on_request(runs: Clemsim, tmp_path: Path) -> None:
    about = tmp_path / "two" / "run.toml"
    about.write_text(about.read_text().replace("constrain = false", "constrain = true"))

    def analysed(*words: str) -> tuple[set[str], str]:
        result = runs("analyze", "one", "two", "--only", "b", "--figures", "none", *words, "--json")
        assert result.code == 0, result.err
        rows = result.json["analyses"]["scores"]["tables"]["scores"]
        kinds = {row["model"]: row["decoding"] for row in rows}
        assert kinds.get("random", "constrained") == "constrained" and kinds.get("baseline", "plain") == "plain"
        return {row["model"] for row in rows}, str(result.json["left_out"])

    names, left = analysed()
    assert names == {"baseline"} and "1 runs with constrained decoding are left out" in left
    assert analysed("--decoding", "constrained")[0] == {"random"}
    assert analysed("--decoding", "all")[0] == {"baseline", "random"}
    assert analysed("--only", "b")[0] == {"baseline"}


def test_two_runs_with_one_name_are_told_apart(runs: Clemsim) -> None:
    output = runs("analyze", "one", "one", "--only", "b", "--figures", "none", "--json").json
    assert [row["model"] for row in output["analyses"]["scores"]["tables"]["scores"]] == ["baseline", "baseline #2"]


def test_comparing_two_runs(runs: Clemsim) -> None:
    output = runs("compare", "one", "two", "--json").json
    rows = {(row["game"], row["metric"]): row for row in output["rows"]}
    assert (output["a"], output["b"]) == ("baseline", "random")
    assert len(rows) == 10 and rows["overall", "clemscore"]["verdict"] == "higher"
    row = rows["taboo", "quality"]
    assert row["difference"] == pytest.approx(row["a"] - row["b"]) and row["p_holm"] >= row["p"] and row["instances"] == 6
    assert all(
        (own["joint_low"] > 0 or own["joint_high"] < 0) == (own["verdict"] in ("higher", "lower"))
        for own in output["rows"]
        if own["joint_low"] is not None
    )
    sensitivity = output["sensitivity"]
    assert set(sensitivity["without"]) == {"taboo", "wordle", "referencegame"} and not sensitivity["fragile"]
    assert sensitivity["rules"]["paper"] == pytest.approx(rows["overall", "clemscore"]["difference"])
    joint = {(row["game"], row["event"]): row for row in output["joint"]}
    taboo = {"game": "taboo", "event": "won", "both": 0, "only_a": 6, "only_b": 0, "neither": 0}
    assert joint["taboo", "won"] == taboo and set(joint) == {
        (game, event) for game, _ in rows for event in ("played", "won")
    }
    result = runs("compare", "one", "two")
    assert "only A" in result.out and "would be seen four times in five" in " ".join(result.out.split())
    assert "With one game left out the difference lies between" in result.out
    assert result.code == 0 and "clemscore: baseline lies" in " ".join(result.out.split())
    assert max(map(len, result.out.splitlines())) <= 80


def test_comparing_two_runs_without_a_game(runs: Clemsim) -> None:
    output = runs("compare", "one", "two", "--without", "taboo,wordle", "--json").json
    whole = {(row["game"], row["metric"]): row for row in runs("compare", "one", "two", "--json").json["rows"]}
    rows = {(row["game"], row["metric"]): row for row in output["rows"]}
    assert {game for game, _ in rows} == {"referencegame", "overall"} and {row["game"] for row in output["joint"]} <= {
        *("referencegame", "overall")
    }
    assert rows["overall", "played"]["a"] == whole["referencegame", "played"]["a"]
    assert output["subset"] == ["without taboo, wordle: 1 of 3 games, also in all scores over games"]
    assert runs("compare", "one", "two", "--without", "taboo").out.startswith("subset: without taboo: 2 of 3 games")
    result = runs("compare", "one", "two", "--without", "chess")
    assert result.code == 2 and "there is no game 'chess' here: there are referencegame, taboo, wordle" in result.err


def test_two_readings_of_one_difference(runs: Clemsim) -> None:
    for agent in ("baseline", "random"):
        words = ("--agent", agent, "--arena", "taboo", "--repetitions", 3, "--out", f"{agent}3")
        assert runs("run", *words).code == 0
    kind = runs("compare", "baseline3", "random3", "--json").json
    these = runs("compare", "baseline3", "random3", "--these-instances", "--json").json
    assert (kind["reading"], these["reading"]) == ("instances of this kind", "these instances only")
    assert [row["difference"] for row in kind["rows"]] == pytest.approx([row["difference"] for row in these["rows"]])
    assert kind["rows"][-1]["low"] < these["rows"][-1]["low"] < 100 == these["rows"][-1]["high"]
    once = runs("compare", "one", "two", "--these-instances", "--json").json
    assert {row["low"] for row in once["rows"]} == {None} and "finished twice" in once["notes"][-1]
    assert {row["verdict"] for row in once["rows"]} == {"no data"}
    summary = runs("show", "random3", "--json").json
    assert summary["noise"]["agents"]["random"]["agreement"] == 100
    noise = runs("analyze", "baseline3", "random3", "--only", "b", "--figures", "none", "--json").json["analyses"]["noise"]
    assert [row["model"] for row in noise["tables"]["noise"]] == ["baseline", "random"]
    assert noise["tables"]["noise"][0]["worth_these_high"] == 100.0 and "end alike in 100.0 %" in noise["sentences"][0]


def test_a_run_against_itself_is_level(runs: Clemsim) -> None:
    output = runs("compare", "one", "one", "--json").json
    assert {row["verdict"] for row in output["rows"]} == {"undecided", "no data"}  # of too few instances
    assert {row["difference"] for row in output["rows"]} == {0.0}
    assert output["a"] == "baseline (one)"


def test_differences_between_runs_are_refused_or_named(runs: Clemsim) -> None:
    words = ("--agent", "random", "--arena", "taboo", "--instances", 1)
    assert runs("run", *words, "--constrain", "--out", "held").code == 0
    assert runs("run", *words, "--seed", 5, "--temperature", 0.5, "--out", "warm").code == 0
    result = runs("compare", "two", "held")
    assert result.code == 2 and "only held was played with constrained decoding (--anyway" in result.err
    anyway = runs("compare", "two", "held", "--anyway", "--json").json
    assert "only held was played with constrained decoding" in anyway["notes"][0] and anyway["b"] == "random (held)"
    named = runs("compare", "two", "warm", "--json").json["notes"]
    assert named[:2] == ["seed was 0 and 5", "temperature was 0.0 and 0.5"]
    assert "instances that only A has finished are left out" in named[2]


def test_the_choice_of_agents(runs: Clemsim) -> None:
    assert runs("run", "--agent", "baseline", "--agent", "random", "--arena", "taboo", "--out", "both").code == 0
    result = runs("compare", "both", "both")
    assert result.code == 2 and "both has several agents: choose with --a one of baseline, random" in result.err
    result = runs("compare", "one", "both", "--b", "nobody")
    assert result.code == 2 and "both has no agent 'nobody'" in result.err
    assert runs("compare", "both", "both", "--a", "baseline", "--b", "random").code == 0
    result = runs("compare", "one", "nowhere")
    assert result.code == 2 and "there is no run at nowhere" in result.err


def test_two_runs_are_compared_in_python(runs: Clemsim, tmp_path: Path) -> None:
    comparison = compare_runs(tmp_path / "one", str(tmp_path / "two"))
    output = runs("compare", "one", "two", "--json").json
    assert [asdict(row) for row in comparison.rows] == output["rows"] and list(comparison.sentences) == output["sentences"]
    assert comparison.clemscore.game == "overall" and comparison.clemscore.metric == "clemscore"
    assert comparison.frame["difference"].to_list() == [row.difference for row in comparison.rows]
    with pytest.raises(UsageError, match="has no agent 'nobody': choose with --b one of random"):
        compare_runs(tmp_path / "one", tmp_path / "two", b="nobody")


def test_a_comparison_in_a_notebook_shows_its_rows_and_no_text_is_active(runs: Clemsim, tmp_path: Path) -> None:
    comparison = compare_runs(tmp_path / "one", tmp_path / "two")
    evil = "<img src=x onerror=alert(1)>"
    text = replace(comparison, a=evil, sentences=(evil,), notes=(evil,))._repr_html_()
    assert text.count("<tr>") == 2 + len(comparison.rows) + len(comparison.joint) and '<td class="number">' in text
    assert "<img" not in text and text.count("&lt;img") == 5


def test_analyses_are_chosen_by_name(clemsim: Clemsim, tables: Path) -> None:
    result = clemsim("analyze", "results.csv", "--only", "access,buckets", "--figures", "none", "--json")
    assert list(result.json["analyses"]) == ["scores", "b", "g"]


def test_the_help_lists_the_registry_without_the_libraries_of_the_extra() -> None:
    program = f"import sys; from clemsim.cli.app import program; program(); print(sorted({LIBRARIES} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
    text = " ".join((analyze.__doc__ or "").split())
    for kind in KINDS:
        assert f"{kind.letter} {kind.title}" in text, kind


def test_a_public_suite_against_a_fresh_one(runs: Clemsim) -> None:
    assert runs("suite", "generate", "--seed", 7, "--out", "fresh").code == 0
    words = ("--arena", "taboo", "--agent", "baseline", "--agent", "random", "--instances", 2)
    assert runs("run", *words, "--out", "public").code == 0
    assert runs("run", "--suite", "fresh", *words, "--out", "again").code == 0
    output = runs("compare", "public", "again", "--fresh", "--json").json
    rows = {(row["agent"], row["game"], row["score"]): row for row in output["rows"]}
    row = rows["baseline", "overall", "worth"]
    assert row["public"] == row["fresh"] == 100 and row["difference"] == 0 and row["low"] < 0 < row["high"]
    assert row["p_holm"] == 1.0 and rows["baseline", "taboo", "worth"]["p_holm"] is None
    assert [(pair["a"], pair["b"], pair["difference"]) for pair in output["pairs"]] == [("baseline", "random", 0.0)]
    assert "is not told apart from that on the fresh ones" in output["sentences"][0]
    one = runs("compare", "public", "again", "--fresh", "--a", "random", "--json").json
    assert {row["agent"] for row in one["rows"]} == {"random"} and one["pairs"] == []
    shown = runs("compare", "public", "again", "--fresh")
    assert shown.code == 0 and max(map(len, shown.out.splitlines())) <= 80
    refused = runs("compare", "public", "one", "--fresh")
    assert refused.code == 2 and "both runs are of quick" in refused.err


def test_an_agent_that_never_played_to_the_end_is_compared_by_worth(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text(
        "from clemsim import Agent, Message\n"
        "class Mute(Agent):\n"
        "    name = 'mute'\n"
        "    def __init__(self, arg, options): pass\n"
        "    async def reply(self, view): return Message(view.seat, '')\n"
    )
    arenas = ("--arena", "taboo", "--arena", "referencegame")
    assert clemsim("run", "--agent", "mute.py:Mute", "--agent", "baseline", *arenas, "--out", "both").code == 0
    output = clemsim("compare", "both", "both", "--a", "baseline", "--b", "mute", "--json").json
    assert output["sentences"][0].startswith("worth: baseline lies 100.0 points of worth above mute (95 % interval ")
    last = output["rows"][-1]
    assert (last["game"], last["metric"], last["verdict"], last["p_holm"]) == ("overall", "worth", "higher", last["p"])
    (clemscore,) = (row for row in output["rows"] if row["metric"] == "clemscore")
    assert (clemscore["difference"], clemscore["verdict"]) == (None, "no data")
