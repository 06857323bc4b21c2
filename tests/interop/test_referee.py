"""Results of other tools compared: those in examples/referee, which the tools themselves wrote, and clembench's folders."""

from __future__ import annotations

import math
from pathlib import Path

import orjson
import pytest

import clemsim
from clemsim import UsageError
from clemsim.interop.items.importing import import_items
from clemsim.interop.items.opening import as_run, clembench_models, holds_clembench
from clemsim.store.folder import STORE
from clemsim.store.reader import outcomes, reading

EXAMPLES = Path(__file__).parents[2] / "examples/referee"
HARNESS = EXAMPLES / "lm_eval"
needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="examples/ lies in the repository alone")


def matches(model: str) -> dict[int, float]:
    (path,) = (HARNESS / model).glob("samples_sums_*.jsonl")
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return {line["doc_id"]: line["exact_match"] for line in lines}


@needs_examples
def test_two_models_run_by_the_harness_get_the_verdict_of_a_calculation_of_its_own() -> None:
    stats = pytest.importorskip("scipy.stats")
    models = "qwen2.5-coder-0.5b", "smollm2-135m"
    with as_run(HARNESS / models[0]) as first, as_run(HARNESS / models[1]) as second:
        found = clemsim.compare(first, second)
    ours, theirs = map(matches, models)
    differences = [ours[item] - theirs[item] for item in ours]
    count, up, down = len(differences), differences.count(1.0), differences.count(-1.0)
    mean = sum(differences) / count
    deviation = math.sqrt(sum((own - mean) ** 2 for own in differences) / (count - 1) / count)
    half = stats.t.ppf(0.975, count - 1) * deviation
    row = found.clemscore
    assert (found.a, found.b, row.instances, row.verdict) == (*models, 80, "higher")
    assert row.difference == pytest.approx(100 * mean)
    assert row.low == pytest.approx(100 * (mean - half), abs=1.5)
    assert row.high == pytest.approx(100 * (mean + half), abs=1.5)
    assert row.p is not None and row.p < 0.001 and stats.binomtest(up, up + down).pvalue < 0.001
    (won,) = [each for each in found.joint if (each.game, each.event) == ("sums", "won")]
    assert (won.only_a, won.only_b, won.pairs) == (up, down, count)


@needs_examples
def test_a_table_of_three_models_is_compared_with_what_the_issue_of_a_comparison_needs() -> None:
    with as_run(EXAMPLES / "scores.csv") as run:
        close = clemsim.compare(run, run, "basalt", "cobalt")
        apart = clemsim.compare(run, run, "amber", "basalt")
    assert (close.clemscore.verdict, apart.clemscore.verdict) == ("undecided", "higher")
    text = " ".join(close.sentences)
    assert "not shown equivalent within 3 points; fragile" in text and "would be seen four times in five" in text
    assert "about 1537 more instances like these would show it" in text
    assert not any("more instances" in sentence for sentence in apart.sentences)
    assert {row.pairs for row in close.joint} == {120, 240}


def test_a_folder_of_clembench_is_a_run_without_an_import(tmp_path: Path) -> None:
    def episode(model: str, number: int, score: float) -> None:
        folder = tmp_path / "results" / model / "some_game" / "easy" / f"instance_{number:05}"
        folder.mkdir(parents=True)
        outcome = {"Aborted": 0, "Success": int(score == 100), "Lose": int(score < 100), "Main Score": score}
        meta = {"meta": {"game_name": "some_game", "game_id": number}}
        (folder / "scores.json").write_bytes(orjson.dumps({**meta, "round scores": {}, "episode scores": outcome}))

    for number in range(8):
        episode("one", number, 100.0)
        episode("other", number, 100.0 if number < 2 else 0.0)
    results = tmp_path / "results"
    assert holds_clembench(results) and not holds_clembench(tmp_path / "none")
    told: list[tuple[str, int, int]] = []
    with as_run(results, models=["one", "other"], watch=lambda *amount: told.append(amount)) as run:
        found = clemsim.compare(run, run, "one", "other")
    assert found.clemscore.difference == 75.0 and found.clemscore.instances == 8
    assert told[-1] == ("episodes of results", 16, 16)
    assert clembench_models(results) == ["one", "other"] and clembench_models(tmp_path / "none") == []
    with (
        pytest.raises(UsageError, match="has no model 'nobody': choose one of one, other"),
        as_run(results, models=["nobody"]),
    ):
        pass


def test_errors_name_what_was_given_and_not_the_run_that_it_became(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("model,item,score\nm,1,1\nn,1,0\n")
    with (
        pytest.raises(UsageError, match=r".*/scores\.csv has several agents: choose with --a one of m, n"),
        as_run(path) as run,
    ):
        clemsim.compare(run, run)
    path.with_suffix(".json").write_bytes(orjson.dumps({"simulations": [{"task_id": "1", "termination_reason": "timeout"}]}))
    refused = pytest.raises(UsageError, match=r"scores\.json: none of its 1 samples was scored, the first one as timeout")
    with refused, as_run(path.with_suffix(".json")):
        pass


def test_a_run_of_items_says_in_what_models_were_asked_unlike(tmp_path: Path) -> None:
    for name, user in (("a", "gpt-x"), ("b", "gpt-y")):
        info = {"agent_info": {"llm": name}, "user_info": {"llm": user}, "environment_info": {"domain_name": "air"}}
        trials = [{"task_id": str(task), "trial": 0, "reward_info": {"reward": 1.0}} for task in range(6)]
        (tmp_path / f"{name}.json").write_bytes(orjson.dumps({"info": info, "tasks": [], "simulations": trials}))
    with as_run(tmp_path / "a.json") as first, as_run(tmp_path / "b.json") as second:
        found = clemsim.compare(first, second)
    assert "user was 'gpt-x' of a and 'gpt-y' of b" in found.notes


def test_repetitions_have_the_numbers_that_a_table_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "scores.tsv"
    path.write_text("model\titem\trepetition\tscore\nm\t1\t2\t1\nm\t1\t1\t0\nm\t1\t1\t0.5\n")
    import_items([path], tmp_path / "run")
    with reading(tmp_path / "run" / STORE) as base:
        scores = {key.repetition: outcome.quality for key, outcome, _ in outcomes(base) if outcome}
    assert scores == {2: 100.0, 1: 0.0, 0: 50.0}
