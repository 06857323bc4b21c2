"""`clemsim import clembench`: both layouts, with their scores; untrusted files."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clemsim.cli.main import main
from tests.cli.conftest import Clemsim

RECORDED = Path(__file__).parents[3] / "shared" / "recorded"
PLAYSCHOOL = os.environ.get("CLEMSIM_TEST_PLAYSCHOOL", "")
EPISODE = Path("results/baseline-t0.0/taboo/high_en/instance_00000")


@pytest.fixture(scope="module")
def run_and_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run `r`, exported to the folder `results`; no test changes it."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in ("run --agent baseline --agent random --out r", "export r --format clembench --out results"):
            patch.setattr(sys, "argv", ["clemsim", *words.split()])
            assert main() == 0
    return folder


@pytest.fixture
def exported(clemsim: Clemsim, run_and_export: Path, tmp_path: Path) -> Clemsim:
    """Stand in a folder with a run `r`, exported to the folder `results`."""
    shutil.copytree(run_and_export, tmp_path, dirs_exist_ok=True)
    return clemsim


def by_arena(summary: Any) -> dict[str, Any]:
    return {name.removesuffix("-t0.0"): agent["arenas"] for name, agent in summary["agents"].items()}


def test_an_export_comes_back_with_the_same_scores(exported: Clemsim) -> None:
    result = exported("import", "clembench", "results", "--out", "back", "--json")
    assert result.code == 0
    for game in result.json["arenas"].values():
        assert game["episodes"] == game["driven"] == game["agree"] > 0 and game["notes"] == []
    assert by_arena(exported("show", "back", "--json").json) == by_arena(exported("show", "r", "--json").json)
    shown = exported("show", "back", "taboo/high_en/0").out
    assert "describer is asked" in shown and "CLUE: " in shown
    printed = exported("import", "clembench", "results", "--out", "again").out
    assert "12 of 12" in printed and "2 models" in printed and "study: again" in printed


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded results (../shared/recorded) are not here")
def test_real_results_of_the_old_layout_agree(clemsim: Clemsim) -> None:
    golden = RECORDED.parent / "golden" / "clembench-v1.6"
    clemsim("suite", "import-clembench", golden, "--out", "S")
    games = clemsim("import", "clembench", RECORDED, "--out", "r", "--suite", "S", "--json").json["arenas"]
    assert set(games) == {
        "taboo",
        "wordle",
        "wordle_withclue",
        "wordle_withcritic",
        "imagegame",
        "referencegame",
        "privateshared",
    }
    for game in games.values():
        assert game["driven"] == game["agree"] == game["episodes"]


@pytest.mark.parametrize("command", ["resume", "score", "replay"])
def test_an_imported_run_can_only_be_read(exported: Clemsim, command: str) -> None:
    exported("import", "clembench", "results", "--out", "back")
    result = exported(command, "back/runs/random-t0.0")
    assert result.code == 2 and "this run was imported from results" in result.err and len(result.err.splitlines()) == 1
    assert "a study that was imported" in exported("resume", "back").err


def test_without_an_instance_the_log_is_kept(exported: Clemsim) -> None:
    (EPISODE / "instance.json").unlink()
    taboo = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert (taboo["episodes"], taboo["driven"]) == (12, 11)
    assert "CLUE: " in exported("show", "back", "taboo/high_en/0").out


def test_a_disagreement_is_named(exported: Clemsim) -> None:
    path = EPISODE / "scores.json"
    path.write_text(path.read_text().replace('"Main Score": 100.0', '"Main Score": 50.0'))
    taboo = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert (taboo["driven"], taboo["agree"]) == (12, 11)
    assert taboo["disagreements"] == {"Main Score": 1}
    assert "Main Score: recorded 50.0, driven again 100.0" in taboo["notes"][0]


def test_a_score_of_a_round_that_differs_is_named(exported: Clemsim) -> None:
    path = Path("results/baseline-t0.0/wordle/high_frequency/instance_00000/scores.json")
    data = json.loads(path.read_text())
    assert "1" in data["turn scores"] and "0" not in data["turn scores"]
    data["turn scores"]["1"]["Closeness Score"] = 3
    path.write_text(json.dumps(data))
    games = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]
    wordle = games.pop("wordle")
    assert (wordle["driven"], wordle["metrics_agree"], wordle["rounds_agree"]) == (8, 8, 7)
    assert wordle["disagreements"] == {"round Closeness Score": 1}
    assert "round 1: Closeness Score: 10.0, recorded 3.0" in wordle["notes"][0]
    assert all(game["rounds_agree"] == game["episodes"] for game in games.values())


def test_rounds_that_were_scored_by_being_driven_are_numbered_as_clembench_does(exported: Clemsim) -> None:
    path = Path("baseline-t0.0/wordle/high_frequency/instance_00000/scores.json")
    scores = json.loads(Path("results", path).read_text())["turn scores"]
    Path("results", path).unlink()
    exported("import", "clembench", "results", "--out", "back")
    exported("export", "back", "--format", "clembench", "--out", "x")
    assert json.loads(Path("x", path).read_text())["turn scores"] == scores


def change(name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads((EPISODE / name).read_text())
    edit(data)
    (EPISODE / name).write_text(json.dumps(data))


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "cut off": (lambda: (EPISODE / "scores.json").write_text('{"episode scores": {'), "scores.json is not JSON"),
    "no object": (lambda: (EPISODE / "interactions.json").write_text("[]"), "interactions.json: an object is expected"),
    "no meta": (lambda: change("interactions.json", lambda data: data.pop("meta")), "field 'meta' is missing"),
    "no turns": (lambda: change("interactions.json", lambda data: data.pop("turns")), "field 'turns' is missing"),
    "no scores": (
        lambda: change("scores.json", lambda data: data.pop("episode scores")),
        "field 'episode scores' is missing",
    ),
    "no number": (
        lambda: change("scores.json", lambda data: data["turn scores"].update(first={})),
        "invalid literal for int()",
    ),
    "an odd number": (
        lambda: change("interactions.json", lambda data: data["meta"].update(game_id="../../etc")),
        "invalid literal for int()",
    ),
    "too deep": (lambda: (EPISODE / "scores.json").write_text("[" * 100_000), "scores.json is not JSON"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_broken_file_gets_one_line_and_leaves_nothing(exported: Clemsim, tmp_path: Path, what: str) -> None:
    make, expected = WRONG[what]
    make()
    result = exported("import", "clembench", "results", "--out", "back")
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1
    assert not (tmp_path / "back").exists() and not list(tmp_path.glob(".back*"))


def test_names_out_of_files_lead_nowhere(exported: Clemsim, tmp_path: Path) -> None:
    change("interactions.json", lambda data: data["meta"].update(game_name="../../evil", experiment_name="/etc\x00\x1b[2J"))
    assert exported("import", "clembench", "results", "--out", "back").code == 0
    assert not (tmp_path.parent / "evil").exists() and {path.name for path in tmp_path.iterdir()} >= {"back", "r", "results"}
    assert "\x1b" not in exported("show", "back").out


def test_links_are_not_followed(exported: Clemsim, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "results", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / EPISODE)
    (tmp_path / EPISODE).symlink_to(tmp_path / "elsewhere" / EPISODE.relative_to("results"))
    taboo = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert taboo["episodes"] == 11


def test_a_reply_of_megabytes_is_kept_and_cut_for_reading(exported: Clemsim) -> None:
    def swell(data: dict[str, Any]) -> None:
        reply = next(event for event in data["turns"][0] if event["from"] == "Player 1")
        reply["action"]["content"] = "CLUE: " + "\x00\x1b[2J x" * 500_000

    change("interactions.json", swell)
    assert exported("import", "clembench", "results", "--out", "back").code == 0
    shown = exported("show", "back", "taboo/high_en/0").out
    assert "\x1b" not in shown and "\x00" not in shown and len(shown) < 100_000


def test_an_episode_without_scores_is_scored_by_being_driven(exported: Clemsim) -> None:
    before = by_arena(exported("show", "r", "--json").json)
    (EPISODE / "scores.json").unlink()
    (EPISODE.with_name("instance_00001") / "interactions.json").unlink()
    taboo = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert (taboo["episodes"], taboo["driven"], taboo["scored"], taboo["unscored"]) == (12, 11, 1, 0)
    assert taboo["missing"] == {"scores.json": 1, "interactions.json": 1}
    assert any("scores.json missing: scored by being driven" in note for note in taboo["notes"])
    assert by_arena(exported("show", "back", "--json").json) == before


def test_an_episode_that_has_neither_scores_nor_dialogue_is_unfinished(exported: Clemsim) -> None:
    for name in ("scores.json", "interactions.json"):
        (EPISODE / name).unlink()
    (EPISODE / "error.json").write_text('{"error": "ValueError", "message": "out of memory"}')
    taboo = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert taboo["unscored"] == 1 and "ValueError: out of memory: unfinished" in taboo["notes"][0]
    agent = exported("show", "back", "--json").json["agents"]["baseline-t0.0"]
    assert agent["unfinished"] == 1 and agent["arenas"]["taboo"]["success"] == 5


def write_scores(model: str, game: str, number: int, **scores: float | None) -> Path:
    """Write an episode that has nothing but scores."""
    folder = Path("plain", model, game, "0_easy", f"episode_{number}")
    folder.mkdir(parents=True)
    values = {"Aborted": 0, "Success": 0, "Lose": 0, **scores}
    (folder / "scores.json").write_text(json.dumps({"episode scores": {k.replace("_", " "): v for k, v in values.items()}}))
    return folder


def test_scores_alone_are_enough_and_a_score_of_an_aborted_episode_counts(clemsim: Clemsim) -> None:
    write_scores("m", "taboo", 0, Success=1, Main_Score=100)
    write_scores("m", "taboo", 1, Aborted=1, Main_Score=float("nan"))
    write_scores("m", "maze", 0, Aborted=1, Main_Score=20)
    write_scores("m", "maze", 1, Lose=1, Main_Score=40)
    write_scores("m", "maze", 2, Main_Score=60)  # neither won nor lost
    games = clemsim("import", "clembench", "plain", "--out", "r", "--json").json["arenas"]
    assert games["maze"]["episodes"] == 3 and games["maze"]["missing"] == {"interactions.json": 3}
    shown = clemsim("show", "r", "--json").json
    assert (shown["arenas"]["maze"]["played"], shown["arenas"]["maze"]["quality"]) == (66.67, 40.0)
    assert (shown["arenas"]["taboo"]["played"], shown["arenas"]["taboo"]["quality"]) == (50.0, 100.0)
    assert shown["clemscore"] == 40.84
    clemsim("export", "r", "--format", "clembench", "--out", "x")
    first, second = Path("x/results.csv").read_text().splitlines()
    assert first.startswith(',"-, clemscore","all, Average % Played"')
    assert second.startswith("m,40.84,58.34,70.0,66.67,40.0,50.0,100.0")
    versions = json.loads(Path("x/benchmark_runs.json").read_text())["versions"]
    assert Path("x", versions[0]["version"], "results.csv").read_text() == Path("x/results.csv").read_text()


@pytest.mark.slow
@pytest.mark.skipif(not PLAYSCHOOL, reason="CLEMSIM_TEST_PLAYSCHOOL is no checkout of lm-playschool-2026-final-results")
@pytest.mark.parametrize("domain", ["clem_indomain", "clem_outofdomain"])
def test_the_scores_of_a_shared_task_come_out_as_they_were_published(clemsim: Clemsim, domain: str) -> None:
    published = Path(PLAYSCHOOL, domain, "results.csv").read_text().splitlines()
    assert clemsim("import", "clembench", f"{PLAYSCHOOL}/{domain}/qwen3.5-4b", "--out", "r").code == 0
    assert clemsim("export", "r", "--format", "clembench", "--out", "x").code == 0
    header, row = Path("x/results.csv").read_text().splitlines()
    assert header == published[0] and row in published


def test_a_tree_of_models_is_a_study(exported: Clemsim, tmp_path: Path) -> None:
    told = exported("import", "clembench", "results", "--out", "s", "--json").json
    assert told["runs"] == {name: f"s/runs/{name}" for name in ("baseline-t0.0", "random-t0.0")}
    both = exported("compare", "s", "--a", "baseline-t0.0", "--b", "random-t0.0", "--json")
    assert both.code == 0 and both.json["rows"][-1]["difference"] > 50
    assert "choose with --a one of baseline-t0.0, random-t0.0" in exported("compare", "s").err
    assert exported("analyze", "s", "--only", "e", "--out", "a").code == 0
    assert exported("show", "s", "taboo/high_en/0").out.count("describer is asked") > 1
    assert "54 episodes in x" in exported("export", "s", "--format", "clembench", "--out", "x").out
    assert (tmp_path / "x" / "results.csv").read_text() == (tmp_path / "results" / "results.csv").read_text()
    for path in (tmp_path / "results").rglob("interactions.json"):
        assert (tmp_path / "x" / path.relative_to(tmp_path / "results")).read_bytes() == path.read_bytes()
    assert "54 episodes" in exported("export", "s", "--format", "jsonl", "--out", "s.jsonl").out


def test_the_same_instances_are_one_suite_from_whichever_folder(exported: Clemsim) -> None:
    for name in ("baseline", "random"):
        exported("import", "clembench", f"results/{name}-t0.0", "--out", name)
    shutil.rmtree(EPISODE)
    exported("import", "clembench", "results/baseline-t0.0", "--out", "fewer")
    assert exported("compare", "baseline", "random").code == 0
    assert exported("analyze", "fewer", "random", "--only", "e", "--out", "a").code == 0
    other = Path("results/random-t0.0/taboo/high_en/instance_00000/instance.json")
    other.write_text(json.dumps({**json.loads(other.read_text()), "target_word": "another"}))
    exported("import", "clembench", "results/random-t0.0", "--out", "changed")
    said = exported("analyze", "baseline", "changed", "--only", "e", "--out", "b")
    assert said.code == 2 and "taboo high_en/0 is another instance in changed than in baseline" in said.err
    assert "instances differ though named alike: taboo high_en/0" in exported("compare", "baseline", "changed").err


def test_a_run_and_what_was_imported_of_the_same_instances_are_one_suite(exported: Clemsim) -> None:
    for path in Path("results").rglob("instance_00001"):
        shutil.rmtree(path)
    exported("import", "clembench", "results/random-t0.0", "--out", "back")
    compared = exported("compare", "r", "back", "--a", "baseline", "--json")
    assert compared.code == 0 and {row["game"] for row in compared.json["rows"]} > {"taboo", "privateshared"}
    assert exported("compare", "back", "r", "--b", "random").code == 0
    analysed = exported("analyze", "r", "back", "--only", "e", "--out", "a")
    assert analysed.code == 0 and "prompts of a game" not in analysed.out
    for game, field in (("taboo", "target_word"), ("privateshared", "slots")):
        path = next(Path("results/random-t0.0", game).rglob("instance.json"))
        text = path.read_text()
        data = json.loads(text)
        value = "another" if field == "target_word" else {**data[field], next(iter(data[field])): "another"}
        path.write_text(json.dumps({**data, field: value}))
        exported("import", "clembench", "results/random-t0.0", "--out", game)
        path.write_text(text)
        said = exported("compare", "r", game, "--a", "random")
        assert said.code == 2 and f"instances differ though named alike: {game} " in said.err
        said = exported("analyze", "r", game, "--only", "e", "--out", "b")
        assert said.code == 2 and f"is another instance in {game} than in r" in said.err


def test_an_episode_that_cannot_be_driven_is_of_the_same_rules_and_instances(exported: Clemsim) -> None:
    for game in ("taboo", "privateshared"):
        next(Path("results/baseline-t0.0", game).rglob("instance_00000/interactions.json")).unlink()
    games = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]
    assert games["taboo"]["driven"] == games["taboo"]["episodes"] - 1
    assert exported("compare", "back", "back", "--a", "baseline-t0.0", "--b", "random-t0.0").code == 0
    assert exported("compare", "back", "r", "--a", "baseline-t0.0", "--b", "random").code == 0
    assert exported("analyze", "back", "--only", "e", "--out", "a").code == 0


def test_runs_that_share_no_instance_are_not_one_suite(exported: Clemsim) -> None:
    for path in list(Path("results/random-t0.0/taboo").iterdir()):
        path.rename(path.with_name(f"other_{path.name}"))
    for path in Path("results/random-t0.0/taboo").rglob("interactions.json"):
        path.write_text(path.read_text().replace('"experiment_name": "', '"experiment_name": "other_'))
    exported("import", "clembench", "results/random-t0.0", "--out", "back")
    said = exported("analyze", "r", "back", "--only", "e", "--out", "a")
    assert said.code == 2 and "back and r have no instance in common of taboo" in said.err


@pytest.mark.parametrize("lost", ["file", "text"])
def test_probes_come_from_the_requests_or_else_from_what_was_made_of_them(exported: Clemsim, lost: str) -> None:
    for path in Path("results/baseline-t0.0").rglob("player_1.requests.json"):
        data = json.loads(path.read_text())
        for call in data["calls"]:
            call["call"]["raw_response_obj"] = {"choices": [{"message": {"content": "as the server's API has it"}}]}
        path.write_text(json.dumps(data))
        if lost == "file":
            path.unlink()
    game = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["privateshared"]
    assert game["driven"] == game["agree"] == game["metrics_agree"] == game["episodes"] == 4
    shown = exported("show", "back/runs/baseline-t0.0", "privateshared/restaurant/0").out
    assert "ASIDE: " in shown and "Answer with yes or no" in shown


STUBBORN = """
from clemsim import Agent, Message
class Early(Agent):
    name, first = "early", 0
    def __init__(self, arg, options):
        pass
    async def reply(self, view):
        ask = view[-1].content
        if not ask.startswith("ME: "):
            return Message(view.seat, "ANSWER: well")
        stubborn = len(view) >= self.first and ("main dish" in ask or "fare" in ask)
        return Message(view.seat, "hm" if stubborn else "ASIDE: yes")
class Late(Early):
    name, first = "late", 5
"""


def test_probes_that_were_asked_at_once_come_back_so(clemsim: Clemsim, tmp_path: Path) -> None:
    """An episode ends amid probes that were asked at once: replies to others of them are no replies left over."""
    (tmp_path / "agents.py").write_text(STUBBORN)
    agents = ("--agent", "agents.py:Early", "--agent", "agents.py:Late")
    assert clemsim("run", "--arena", "privateshared", *agents, "--out", "r").code == 0
    source = "r"
    for number in range(2):
        clemsim("export", source, "--format", "clembench", "--out", f"x{number}")
        game = clemsim("import", "clembench", f"x{number}", "--out", f"b{number}", "--json").json["arenas"]["privateshared"]
        assert game["disagreements"] == {} and game["notes"] == []
        assert game["driven"] == game["metrics_agree"] == game["episodes"] > 0
        source = f"b{number}"


def test_a_game_that_clemsim_lacks_keeps_scores_and_dialogue(exported: Clemsim) -> None:
    game = Path("results/baseline-t0.0/taboo")
    game.rename(game.with_name("charades"))
    for path in game.with_name("charades").rglob("interactions.json"):
        path.write_text(path.read_text().replace('"game_name": "taboo"', '"game_name": "charades"'))
    told = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["charades"]
    assert (told["episodes"], told["driven"]) == (6, 0)
    shown = exported("show", "back/runs/baseline-t0.0", "charades/high_en/0").out
    assert "CLUE: " in shown and "correct guess" in shown
    exported("export", "back", "--format", "clembench", "--out", "x")
    path = Path("baseline-t0.0/charades/high_en/instance_00000/interactions.json")
    assert Path("x", path).read_bytes() == Path("results", path).read_bytes()


def test_an_experiment_that_one_model_does_not_describe_is_as_another_describes_it(exported: Clemsim) -> None:
    for path in Path("results/baseline-t0.0").rglob("experiment.json"):
        path.unlink()
    games = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]
    assert all(game["agree"] == game["metrics_agree"] == game["episodes"] for game in games.values())


def test_the_word_nan_in_a_reply_is_no_number(exported: Clemsim) -> None:
    def say(data: dict[str, Any]) -> None:
        next(event for event in data["turns"][0] if event["from"] == "Player 1")["action"]["content"] = "CLUE: x: NaN"
        data["undefined"] = float("nan")

    change("interactions.json", say)
    exported("import", "clembench", "results", "--out", "back")
    assert "CLUE: x: NaN" in exported("show", "back/runs/baseline-t0.0", "taboo/high_en/0").out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere", "--out", "b"], "there is no folder nowhere"),
        (["r", "--out", "b"], "r has no clembench results"),
        (["results", "--out", "r"], "r already exists"),
    ],
)
def test_messages_for_imports_that_are_impossible(exported: Clemsim, words: list[str], expected: str) -> None:
    result = exported("import", "clembench", *words)
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1
