"""`clemsim suite` and `clemsim verify`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clemsim.catalog.suites import load_suite
from tests.cli.conftest import Clemsim

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
CHECKOUT = GOLDEN / "clembench-v1.6"

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded episodes (../shared/golden) are not here")

# A checkout in miniature, in clembench's shape.
TABOO = {
    "experiments": [
        {
            "name": "high_en",
            "max_turns": 3,
            "describer_initial_prompt": "Describe $TARGET_WORD$ without $REL_WORD$ within $N$ turns for $5.",
            "guesser_initial_prompt": "Guess within $N$ turns.",
            "game_instances": [
                {"game_id": 4, "target_word": "winter", "related_word": ["snow", "cold", "ice"]},
                {"game_id": 5, "target_word": "bread", "related_word": ["loaf", "bake", "oven"]},
            ],
        }
    ]
}
SPEC: dict[str, Any] = {"game": "taboo", "experiment": "high_en", "experiment_config": {"max_turns": 3}}


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Path]:
    """A checkout whose taboo file has been changed."""

    def make(change: Callable[[dict[str, Any]], object] = lambda _: None, game: str = "taboo") -> Path:
        data = json.loads(json.dumps(TABOO))
        change(data)
        folder = tmp_path / "checkout" / game / "in"
        folder.mkdir(parents=True)
        (folder / "instances_v1.6.json").write_text(json.dumps(data))
        return tmp_path / "checkout"

    return make


def experiment(data: dict[str, Any]) -> dict[str, Any]:
    experiment: dict[str, Any] = data["experiments"][0]
    return experiment


def test_a_fresh_suite_is_one_command_away(clemsim: Clemsim) -> None:
    made = clemsim("suite", "generate", "--seed", 99, "--count", 1, "--out", "fresh", "--json")
    made_of = made.json["arenas"]
    assert made.code == 0 and sum(made_of[name] for name in load_suite("paper").arenas) == 3 + 2 + 2 + 2 + 2 + 6 + 5
    result = clemsim("run", "--suite", "fresh", "--agent", "baseline", "--json")
    assert (result.json["suite"], result.json["suite_seed"]) == ("fresh", 99)
    assert result.json["agents"]["baseline"]["episodes"] == sum(made_of.values()) and result.json["unfinished"] == 0
    clemsim("suite", "generate", "--seed", 100, "--count", 1, "--out", "other")
    assert Path("fresh/taboo/instances.jsonl").read_text() != Path("other/taboo/instances.jsonl").read_text()


def test_one_game_of_a_fresh_suite(clemsim: Clemsim) -> None:
    made = clemsim("suite", "generate", "--arena", "imagegame", "--count", 3, "--out", "fresh")
    assert made.code == 0 and "6 imagegame" in made.out and "6 in fresh" in made.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--arena", "chess"], "there is no generator for 'chess': choose one of"),
        (["--arena", "codenames"], "codenames has no rule set 'v1.6': choose one of v3.0 with --rules"),
        (["--language", "de"], "there are no texts in language 'de', only in en"),
        (["--count", "100000"], "100000 instances of an experiment cannot be drawn"),
        (["--out", "."], ". already exists"),
    ],
)
def test_messages_for_suites_that_are_impossible(clemsim: Clemsim, tmp_path: Path, words: list[str], expected: str) -> None:
    (tmp_path / "file").touch()
    result = clemsim("suite", "generate", "--out", "fresh", *words)
    assert result.code == 2
    assert expected in result.err and len(result.err.splitlines()) == 1
    assert not (tmp_path / "fresh").exists()


def test_a_checkout_becomes_a_suite(clemsim: Clemsim, checkout: Callable[..., Path]) -> None:
    result = clemsim("suite", "import-clembench", checkout(), "--out", "s", "--json")
    assert result.json == {"suite": "s", "arenas": {"taboo": 2}}
    clemsim("run", "--suite", "s", "--agent", "random", "--out", "r")
    shown = clemsim("show", "r", "taboo/high_en/4").out
    assert "Describe winter without" in shown and "for $5." in shown and "Guess within 3 turns." in shown


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no experiments": (lambda data: data.clear(), "instances_v1.6.json: field 'experiments' is missing"),
    "no target": (
        lambda data: experiment(data)["game_instances"][1].pop("target_word"),
        "instances_v1.6.json: experiment high_en, instance 1: field 'target_word' is missing",
    ),
    "no prompt": (
        lambda data: experiment(data).pop("guesser_initial_prompt"),
        "experiment high_en, instance 0: field 'guesser_initial_prompt' is missing",
    ),
    "another type": (
        lambda data: experiment(data)["game_instances"][0].update(target_word=7),
        "experiment high_en, instance 0: taboo: target",
    ),
    "no placeholder": (
        lambda data: experiment(data).update(describer_initial_prompt="Describe it."),
        "experiment high_en, instance 0: '$TARGET_WORD$' does not stand in the prompt",
    ),
    "two prompts": (
        lambda data: data["experiments"].append({**experiment(data), "guesser_initial_prompt": "Go in $N$."}),
        "instance 0: its prompts/guesser.txt is not that of",
    ),
    "not a list": (lambda data: data.update(experiments=3), "instances_v1.6.json: 'int' object is not iterable"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_malformed_checkout(clemsim: Clemsim, checkout: Callable[..., Path], tmp_path: Path, what: str) -> None:
    change, expected = WRONG[what]
    result = clemsim("suite", "import-clembench", checkout(change), "--out", "s")
    assert result.code == 2
    assert expected in result.err and len(result.err.splitlines()) == 1
    assert not (tmp_path / "s").exists()


@needs_golden
@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ("privateshared/resources/texts/restaurant/requests.json", "restaurant/requests.json cannot be read: No such file"),
        ("privateshared/resources/en_words.json", "en_words.json cannot be read"),
    ],
)
def test_a_missing_file_of_a_checkout(clemsim: Clemsim, tmp_path: Path, gone: str, expected: str) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(CHECKOUT, folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    (folder / gone).unlink()
    result = clemsim("suite", "import-clembench", folder, "--out", "s")
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1


@needs_golden
def test_a_missing_word_list(clemsim: Clemsim, tmp_path: Path) -> None:
    data = json.loads((CHECKOUT / "wordle" / "in" / "instances_v1.6.json").read_text())
    del data["experiments"][1]["lang_keywords"]["official_words_list"]
    (tmp_path / "checkout" / "wordle" / "in").mkdir(parents=True)
    (tmp_path / "checkout" / "wordle" / "in" / "instances_v1.6.json").write_text(json.dumps(data))
    result = clemsim("suite", "import-clembench", "checkout", "--out", "s")
    assert result.code == 2
    assert "medium_frequency_words_no_clue_no_critic, instance 0: field 'official_words_list' is missing" in result.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["."], ". has no instances of version v1.6: looked for"),
    ],
)
def test_a_folder_that_is_no_checkout(clemsim: Clemsim, words: list[str], expected: str) -> None:
    result = clemsim("suite", "import-clembench", *words, "--out", "s")
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1


def record(*replies: str, outcome: str, score: float | None, **scores: float) -> str:
    players = [{"player": f"Player {1 + n % 2}", "text": text} for n, text in enumerate(replies)]
    instance = {"target_word": "winter", "related_word": ["snow", "cold", "ice"]}
    about = {**SPEC, "game_id": 4, "instance": instance, "replies": players, "outcome": outcome}
    return json.dumps({**about, "scores": {"Main Score": score, **scores}}) + "\n"


def verified(clemsim: Clemsim, tmp_path: Path, *records: str) -> Any:
    (tmp_path / "r.jsonl").write_text("".join(records))
    result = clemsim("verify", "r.jsonl", "--json")
    taboo = result.json["arenas"]["taboo"]
    assert result.code == (1 if taboo["mismatches"] else 0)
    counts = [taboo[name] for name in ("episodes", "outcome_agree", "score_agree", "metrics_agree")]
    return counts, [(mismatch["line"], mismatch["turn"], mismatch["what"]) for mismatch in taboo["mismatches"]]


def test_recorded_episodes_that_agree(clemsim: Clemsim, tmp_path: Path) -> None:
    won = record(
        "CLUE: frost", "GUESS: ice", "CLUE: x", "GUESS: winter", outcome="success", score=50, **{"Request Count": 2}
    )
    lost = record("CLUE: snow", outcome="failure", score=0)
    cut = record("snow", outcome="aborted", score=None)
    assert verified(clemsim, tmp_path, won, "\n", lost, cut) == ([3, 3, 3, 3], [])


def test_recorded_episodes_that_differ(clemsim: Clemsim, tmp_path: Path) -> None:
    other = record("CLUE: snow", outcome="success", score=100)
    metric = record("CLUE: frost", "GUESS: winter", outcome="success", score=100, **{"Request Count": 7, "Wit": 1})
    early = record("CLUE: snow", "GUESS: winter", outcome="success", score=100)
    late = record("CLUE: frost", outcome="failure", score=0)
    counts, mismatches = verified(clemsim, tmp_path, other, metric, early, late)
    assert counts == [4, 1, 1, 1]
    assert mismatches == [
        (1, 1, "outcome: failure (the clue used 'snow'), recorded success"),
        (1, 1, "Main Score: 0.0, recorded 100"),
        (2, None, "Request Count: 1.0, recorded 7"),
        (2, None, "Wit: the arena has no such metric"),
        (3, 2, "ended in failure (the clue used 'snow') before the recorded reply 2"),
        (4, 2, "asks guesser again after the last recorded reply"),
    ]
    shown = clemsim("verify", "r.jsonl")
    assert shown.code == 1
    assert "taboo: r.jsonl, line 3, turn 2: ended in failure" in shown.out and "1 (25.0 %)" in shown.out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "r.jsonl, line 1 is not JSON"),
        ("3", "r.jsonl, line 1 is no recorded episode"),
        ("{}", "r.jsonl, line 1: field 'game' is missing"),
        ('{"game": "chess"}', "there is no arena 'chess'"),
        (
            '{"game": "taboo", "instance": {}, "experiment": "x", "game_id": 1}',
            "r.jsonl, line 1: field 'target_word' is missing",
        ),
    ],
)
def test_a_file_that_holds_no_recorded_episodes(clemsim: Clemsim, tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "r.jsonl").write_text(text)
    result = clemsim("verify", "r.jsonl")
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1


def test_a_missing_file_is_named(clemsim: Clemsim) -> None:
    result = clemsim("verify", "nowhere.jsonl")
    assert result.code == 2 and "nowhere.jsonl cannot be read" in result.err


@needs_golden
def test_all_recorded_episodes_agree(clemsim: Clemsim) -> None:
    clemsim("suite", "import-clembench", CHECKOUT, "--version", "v1.6", "--out", "S")
    result = clemsim("verify", *sorted((GOLDEN / "dev").glob("*.jsonl")), "--suite", "S")
    assert result.code == 0 and result.out.count("(100.0 %)") == 7 * 3 and result.out.count("all agree") == 7 * 2
