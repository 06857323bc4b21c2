"""`clemsim study`: a run for each combination, an index, failures that stop no other run, resuming."""

from __future__ import annotations

import signal
import tomllib
from datetime import date
from pathlib import Path
from time import sleep
from typing import Any

import orjson
import pytest

from clemsim.study.plan import plan, read_study
from tests.cli.conftest import Clemsim, start
from tests.engines.servers import MODEL, FakeServer, says, serving_in_thread

STUDY = """
name = "tiny"
suites = ["quick"]
arenas = ["taboo"]
instances = 1
constrain = [false, true]
parallel = 2

[[model]]
name = "clever"
parameters = 1.5
released = 2024-09-19
[[model.variant]]
access = "script"
quantisation = 4.5
agent = "baseline"

[[model]]
name = "dice"
[[model.variant]]
access = "script"
agent = "{other}"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(other="random"))
    return path


def index(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "index.toml").read_text())


def test_a_study_is_a_folder_of_runs_with_an_index(clemsim: Clemsim, study: Path, tmp_path: Path) -> None:
    result = clemsim("study", study)
    assert result.code == 0, result.err
    folder = tmp_path / "studies" / "tiny"
    members = index(folder)["member"]
    assert [(member["model"], member["constrained"]) for member in members] == [
        *(("clever", False), ("clever", True), ("dice", False), ("dice", True))
    ]
    assert members[0]["characteristics"] == {
        "name": "clever",
        "parameters": 1.5,
        "released": date(2024, 9, 19),
        "quantisation": 4.5,
        "access": "script",
    }
    assert members[2]["characteristics"] == {"name": "dice", "access": "script"}
    assert all((folder / member["run"] / "run.db").is_file() for member in members)
    assert "playing 12 episodes in 4 runs" in result.err and result.err.count("clemscore") == 4
    assert max(len(line) for line in result.out.splitlines()[:-1]) <= 80


def test_the_leaderboard_has_ranks_worth_and_what_could_be_seen(clemsim: Clemsim, study: Path) -> None:
    study.write_text(study.read_text().replace("instances = 1", "instances = 6"))
    result = clemsim("study", study, "--out", "s", "--json")
    assert result.code == 0, result.err
    runs = result.json["runs"]
    assert [(row["rank_low"], row["rank_high"], row["tier"]) for row in runs[:2]] == [(1, 1, 1), (1, 1, 1)]
    assert [(row["rank_low"], row["rank_high"], row["tier"]) for row in runs[2:]] == [(2, 2, 2), (2, 2, 2)]
    assert all(row["detectable"] > 0 for row in runs)
    text = clemsim("study", study, "--out", "s").out
    assert "ranks" in text and "tier 2" in text and "is seen 4 times in 5" in text
    assert max(len(line) for line in text.splitlines()[:-1]) <= 80


def test_a_run_has_one_interval_in_study_run_and_analysis(clemsim: Clemsim, study: Path) -> None:
    study.write_text(study.read_text().replace("instances = 1", "instances = 6").replace("[false, true]", "false"))
    rows = clemsim("study", study, "--out", "s", "--json").json["runs"]
    words = ("--only", "b", "--figures", "none", "--json")
    analysed = clemsim("analyze", "s", *words).json["analyses"]["scores"]["tables"]["scores"]
    by_model = {row["model"]: row for row in analysed}
    for row in rows:
        summary = clemsim("show", f"s/{row['run']}", "--json").json
        model = by_model[row["label"]]
        for score in ("played", "quality", "worth", "clemscore"):
            ends = row["intervals"][score]
            assert ends == summary["ci"][score] == [model[f"{score}_low"], model[f"{score}_high"]]
            assert row[score] == summary[score] == model[score]
    table = clemsim("study", study, "--out", "s").out
    low, high = rows[0]["intervals"]["worth"]
    assert f"{low:.1f}".removesuffix(".0") in table and f"{high:.1f}".removesuffix(".0") in table


def test_a_dry_run_plays_nothing(clemsim: Clemsim, study: Path, tmp_path: Path) -> None:
    result = clemsim("study", study, "--dry-run", "--json")
    assert result.json["episodes"] == 12 and len(result.json["runs"]) == 4
    assert result.json["turns"] == sum(row["turns"] for row in result.json["runs"]) and result.json["runs"][0]["most"]
    shown = clemsim("study", study, "--dry-run").out
    assert "12" in shown and "detect" in shown and max(map(len, shown.splitlines())) <= 80
    assert not (tmp_path / "studies").exists()


def test_a_member_that_fails_is_named_and_played_later(clemsim: Clemsim, study: Path) -> None:
    study.write_text(STUDY.format(other="${CLEMSIM_TEST_PLAYER:-x@http://127.0.0.1:9}"))
    result = clemsim("study", study, "--out", "s", "--json")
    assert result.code == 1
    assert [bool(row["why"]) for row in result.json["runs"]] == [False, False, True, True] and result.json["missing"] == 2
    failed = [line for line in result.err.splitlines() if "failed" in line]
    assert len(failed) == 2 and all("no server answers at http://127.0.0.1:9" in line for line in failed)
    assert "go on with: clemsim resume s" in result.err
    content = index(study.parent / "s")
    assert [row["model"] for row in content["missing"]] == ["dice", "dice"] and len(content["member"]) == 2


def test_the_same_command_and_resume_continue_it(clemsim: Clemsim, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study.write_text(STUDY.format(other="${CLEMSIM_TEST_PLAYER:-x@http://127.0.0.1:9}"))
    first = clemsim("study", study, "--out", "s", "--json").json["runs"]
    monkeypatch.setenv("CLEMSIM_TEST_PLAYER", "random")
    for words in (("study", study, "--out", "s", "--resume"), ("resume", "s"), ("study", "s")):
        result = clemsim(*words, "--json")
        assert result.code == 0, result.err
        assert result.json["runs"][0]["clemscore"] == first[0]["clemscore"]
        assert result.json["runs"][3]["clemscore"] == 0
    assert "failed" not in result.err and "missing" not in index(study.parent / "s")


def test_models_may_be_added_but_nothing_else_be_changed(clemsim: Clemsim, study: Path) -> None:
    assert clemsim("study", study, "--out", "s").code == 0
    text = study.read_text()
    study.write_text(f'{text}\n[[model]]\nname = "new"\n[[model.variant]]\naccess = "script"\nagent = "baseline"\n')
    result = clemsim("study", study, "--out", "s", "--json")
    assert result.code == 0 and len(result.json["runs"]) == 6
    study.write_text(text.replace("instances = 1", "instances = 2"))
    result = clemsim("study", study, "--out", "s")
    assert result.code == 2 and "instances was 1 and is 2; choose another --out" in result.err


def test_ctrl_c_stops_all_runs_and_loses_nothing(clemsim: Clemsim, study: Path) -> None:
    study.write_text(STUDY.format(other="slow.py:Slow"))
    (study.parent / "slow.py").write_text(
        "import asyncio\n"
        "from clemsim import Agent, Message\n"
        "class Slow(Agent):\n"
        "    name = 'slow'\n"
        "    def __init__(self, arg, options): pass\n"
        "    async def reply(self, view):\n"
        "        await asyncio.sleep(0 if view.turn < 2 else 100)\n"
        "        return Message(view.seat, 'CLUE: x')\n"
    )
    process = start("study", "study.toml", "--out", "s", "--json", "--trust", cwd=study.parent)
    while not (study.parent / "s" / "members" / "dice-script" / "quick-seed0" / "run.db").exists():
        assert process.poll() is None, process.communicate()
        sleep(0.05)
    sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and "stopped; go on with: clemsim resume s" in err
    assert [row["why"] for row in orjson.loads(out)["runs"]] == ["", "", "stopped", "stopped"]
    result = clemsim("resume", "s", "--width", 1)
    assert result.code == 2 and "give no option but --trust, --json" in result.err


def test_pairings_name_their_seats(clemsim: Clemsim, study: Path) -> None:
    study.write_text(study.read_text().replace("parallel = 2", 'pairings = "round-robin"'))
    assert clemsim("study", study, "--out", "s").code == 0
    members = index(study.parent / "s")["member"]
    assert [member["seats"] for member in members[::2]] == [
        {"describer": "clever", "guesser": "dice"},
        {"describer": "dice", "guesser": "clever"},
    ]
    assert members[0]["players"]["describer"]["parameters"] == 1.5 and "characteristics" not in members[0]


def test_unfinished_episodes_are_named(clemsim: Clemsim, study: Path) -> None:
    with serving_in_thread(FakeServer([says(400)] * 2)) as server:
        study.write_text(STUDY.format(other=f"{MODEL}@{server.url}"))
        result = clemsim("study", study, "--out", "s")
    assert result.code == 1
    assert "episodes are unfinished (" in result.err and "bad request" in result.err
    assert any("bad request" in member.get("why", "") for member in index(study.parent / "s")["member"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("study", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("study", "study.toml", "--resume"), "there is no study at studies/tiny"),
        (("study", "study.toml", "--out", "."), "already exists and is no study"),
        (("study", "."), "there is no study at .: name a STUDY.toml"),
    ],
)
def test_errors_are_one_line(clemsim: Clemsim, study: Path, words: tuple[str, ...], expected: str) -> None:
    result = clemsim(*words)
    assert result.code == 2 and expected in result.err and result.err.count("\n") == 1


def test_a_variable_that_is_not_set_is_named_before_anything_is_played(clemsim: Clemsim, study: Path) -> None:
    study.write_text(STUDY.format(other="local:${CLEMSIM_TEST_NOWHERE}/x.gguf"))
    result = clemsim("study", study, "--out", "s")
    assert result.code == 2 and "CLEMSIM_TEST_NOWHERE is not set" in result.err
    assert not (study.parent / "s").exists()


def test_list_models(clemsim: Clemsim) -> None:
    result = clemsim("list", "models")
    assert "llama-3-8b-instruct" in result.out and "–" in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 80
    models = {row["name"]: row for row in clemsim("list", "models", "--json").json["models"]}
    assert models["phi-4"]["parameters"] == 14.7 and models["gpt-4-0613"]["parameters"] is None


def test_the_example_can_be_played() -> None:
    example = Path(__file__).parents[2] / "examples" / "study_small" / "study.toml"
    members = plan(read_study(example))
    assert len({player.label for member in members for player in member.players}) == 5
    assert all(player.model.parameters for member in members for player in member.players)


def test_the_example_with_an_axis_can_be_played() -> None:
    members = plan(read_study(Path(__file__).parents[2] / "examples" / "thinking_study" / "study.toml"))
    assert len(members) == 6 and len({player.label for member in members for player in member.players}) == 3
