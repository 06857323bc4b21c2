"""Results of other tools as runs, and what compare says of them."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim import UsageError
from clemsim.interop.export import FORMATS
from clemsim.interop.items.finding import read_items
from clemsim.interop.items.importing import import_items
from clemsim.interop.items.opening import as_run, holds_items


def table(path: Path, model: str, scores: dict[str, float]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "item", "score"])
        writer.writerows([model, item, score] for item, score in scores.items())
    return path


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_a_comparison_says_what_a_calculation_of_its_own_says(tmp_path: Path) -> None:
    draw = random.Random(3)
    ease = [draw.random() for _ in range(200)]
    first = {f"q{n}": float(draw.random() < own) for n, own in enumerate(ease)}
    second = {f"q{n}": float(draw.random() < own * 0.7) for n, own in enumerate(ease)}
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    table(one, "one", first)
    table(other, "other", second)
    with as_run(one) as run_a, as_run(other) as run_b:
        found = clemsim.compare(run_a, run_b)
    (quality,) = [row for row in found.rows if (row.game, row.metric) == ("task", "quality")]
    differences = [first[item] - second[item] for item in first]
    mean = sum(differences) / len(differences)
    error = math.sqrt(sum((own - mean) ** 2 for own in differences) / (len(differences) - 1) / len(differences))
    assert quality.difference == pytest.approx(100 * mean)
    assert quality.low == pytest.approx(100 * (mean - 1.96 * error), abs=1.5)
    assert quality.high == pytest.approx(100 * (mean + 1.96 * error), abs=1.5)
    assert quality.instances == 200 and quality.verdict == "higher"


def test_items_that_do_not_pair_are_counted_and_others_of_the_same_name_are_named(tmp_path: Path) -> None:
    one = lines(tmp_path / "a" / "samples_arith_2026-11-28T17-06-43.528168.jsonl", [_lm_eval(n, 1.0) for n in range(12)])
    other = lines(
        tmp_path / "b" / "samples_arith_2026-11-28T17-06-43.528168.jsonl", [_lm_eval(n, 0.0) for n in range(2, 15)]
    )
    with as_run(one) as run_a, as_run(other.parent) as run_b:
        found = clemsim.compare(run_a, run_b, "a", "b")
        assert found.rows[0].instances == 10
        assert any("2 instances" in note or "5 instances" in note for note in found.notes), found.notes
    changed = lines(
        tmp_path / "c" / "samples_arith_2026-11-28T17-06-43.528168.jsonl",
        [_lm_eval(n, 0.0, "x" if n == 3 else "") for n in range(12)],
    )
    with as_run(one) as run_a, as_run(changed) as run_b:
        with pytest.raises(UsageError, match="instances differ though named alike: arith 3"):
            clemsim.compare(run_a, run_b)
        assert clemsim.compare(run_a, run_b, anyway=True).rows[0].instances == 12


def _lm_eval(number: int, score: float, doc: str = "") -> dict[str, Any]:
    document = {"question": f"{number} + 1? {doc}"}
    return {
        "doc_id": number,
        "doc": document,
        "target": "x",
        "filter": "none",
        "metrics": ["exact_match"],
        "exact_match": score,
    }


def test_samples_of_lm_evaluation_harness_are_of_the_model_beside_them(tmp_path: Path) -> None:
    path = lines(tmp_path / "samples_arith_2026-11-28T17-06-43.528168.jsonl", [_lm_eval(0, 1.0)])
    (tmp_path / "results_2026-11-28T17-06-43.528168.json").write_bytes(orjson.dumps({"model_name": "org/name"}))
    (only,), _ = read_items(path)
    assert (only.model, only.task, only.item, only.score) == ("org/name", "arith", "0", 1.0) and only.digest
    with pytest.raises(UsageError, match="has no metric f1: choose one of exact_match"):
        read_items(path, "f1")


def test_each_filter_of_the_harness_is_a_task_and_can_be_chosen(tmp_path: Path) -> None:
    rows = [_lm_eval(n, float(n == 0)) | {"filter": name} for name in ("strict", "flexible") for n in range(2)]
    path = lines(tmp_path / "samples_aime_2024_2026-11-28T17-06-43.528168.jsonl", rows)
    assert {result.task for result in read_items(path)[0]} == {"aime_2024, strict", "aime_2024, flexible"}
    chosen, _ = read_items(path, "exact_match,strict")
    assert [(result.task, result.score) for result in chosen] == [("aime_2024", 1.0), ("aime_2024", 0.0)]
    with pytest.raises(UsageError, match="has no filter lax: it has strict, flexible"):
        read_items(path, "exact_match,lax")


def test_of_several_files_of_a_task_in_a_folder_the_newest_counts_and_one_line_says_so(tmp_path: Path) -> None:
    for day, score in ((27, 0.0), (28, 1.0)):
        lines(tmp_path / f"samples_arith_2026-11-{day}T17-06-43.528168.jsonl", [_lm_eval(0, score)])
    results, notes = read_items(tmp_path)
    assert [result.score for result in results] == [1.0]
    (note,) = notes
    assert note.startswith("1 older files of samples in ")


def test_a_metric_is_of_the_tasks_that_have_it_and_another_is_named(tmp_path: Path) -> None:
    choice = _lm_eval(0, 1.0) | {
        "metrics": ["perplexity", "acc", "acc_norm"],
        "perplexity": 12.5,
        "acc": 1.0,
        "acc_norm": 0.0,
    }
    lines(tmp_path / "samples_choice_2026-11-28T17-06-43.528168.jsonl", [choice])
    lines(tmp_path / "samples_free_2026-11-28T17-06-43.528168.jsonl", [_lm_eval(0, 1.0)])
    results, notes = read_items(tmp_path, "acc_norm")
    assert [(result.task, result.score) for result in results] == [("choice", 0.0)] and "it is left out" in notes[0]
    imported = import_items([tmp_path], tmp_path / "run")
    assert imported.notes == ["the score of choice is acc: --metric takes another, of perplexity, acc_norm"]


def test_what_the_harness_says_of_a_task_decides_whether_it_is_the_same(tmp_path: Path) -> None:
    time = "2026-11-28T17-06-43.528168"
    for name, shots in (("a", 0), ("b", 5)):
        lines(tmp_path / name / f"samples_arith_{time}.jsonl", [_lm_eval(n, 1.0) for n in range(6)])
        about = {"model_name": name, "versions": {"arith": 1.0}, "n-shot": {"arith": shots}}
        (tmp_path / name / f"results_{time}.json").write_bytes(orjson.dumps(about))
    refused = pytest.raises(UsageError, match="arith is of another version, or has other prompts")
    with as_run(tmp_path / "a") as run_a, as_run(tmp_path / "b") as run_b, refused:
        clemsim.compare(run_a, run_b)
    worse = {"higher_is_better": {"arith": {"exact_match": False}}}
    (tmp_path / "a" / f"results_{time}.json").write_bytes(orjson.dumps(worse))
    with pytest.raises(UsageError, match="exact_match is better when it is lower"):
        read_items(tmp_path / "a")


def test_results_of_tau2_in_a_folder_have_their_simulations_beside_them(tmp_path: Path) -> None:
    whole = {"info": {"agent_info": {"llm": "m"}, "environment_info": {"domain_name": "air"}}, "tasks": [{"id": "1"}]}
    (tmp_path / "results.json").write_bytes(orjson.dumps(whole | {"simulation_index": None}))
    (tmp_path / "simulations").mkdir()
    ends = {"a": (1.0, "user_stop"), "b": (0.0, "infrastructure_error"), "c": (0.0, "max_steps")}
    for trial, (name, (reward, end)) in enumerate(ends.items()):
        simulation = {"task_id": "1", "trial": trial, "termination_reason": end, "reward_info": {"reward": reward}}
        (tmp_path / "simulations" / f"{name}.json").write_bytes(orjson.dumps(simulation))
    assert holds_items(tmp_path)
    results, _ = read_items(tmp_path)
    assert [(result.score, result.repetition) for result in results] == [(1.0, 0), (None, 1), (0.0, 2)]
    index = [{"id": "a", "task_id": "1", "trial": 0, "reward": 1.0, "termination_reason": "user_stop"}]
    (tmp_path / "results.json").write_bytes(orjson.dumps(whole | {"simulation_index": index}))
    assert [result.score for result in read_items(tmp_path / "results.json")[0]] == [1.0]


def test_trials_of_tau2_are_repetitions(tmp_path: Path) -> None:
    path = tmp_path / "airline.json"
    trials = [
        {"task_id": "7", "trial": 0, "reward_info": {"reward": 1.0}},
        {"task_id": "7", "trial": 1, "reward_info": {"reward": 0.0}},
        {"task_id": "8", "trial": 0, "reward_info": None, "termination_reason": "agent_error"},
    ]
    info = {"agent_info": {"llm": "some-model"}, "environment_info": {"domain_name": "airline"}}
    path.write_bytes(orjson.dumps({"info": info, "tasks": [{"id": "7"}, {"id": "8"}], "simulations": trials}))
    imported = import_items([path], tmp_path / "run")
    assert imported.scores == {("some-model", "airline"): 2} and imported.not_scored == 1
    summary = clemsim.open_run(tmp_path / "run").summary
    assert summary.agents["some-model"].quality == 50.0 and summary.unfinished == 1


def test_samples_of_every_eval_ever_may_be_points(tmp_path: Path) -> None:
    def sample(item: str, score: float) -> dict[str, Any]:
        about = {"evaluation_id": "e", "model_id": "m", "evaluation_name": "t", "sample_hash": item}
        return {**about, "sample_id": item, "evaluation": {"score": score, "is_correct": score > 0}}

    path = lines(tmp_path / "u_samples.jsonl", [sample("x", 100.0), sample("y", 25.0)])
    assert [result.score for result in read_items(path)[0]] == [1.0, 0.25]


def test_samples_of_every_eval_ever_have_the_scale_and_the_metric_of_their_record(tmp_path: Path) -> None:
    metrics = {"f": ("f1", 0.0, 1.0), "p": ("points", 0.0, 10.0)}
    config = {
        name: {"metric_name": metric, "min_score": low, "max_score": high} for name, (metric, low, high) in metrics.items()
    }
    record = {"evaluation_results": [{"evaluation_result_id": name, "metric_config": own} for name, own in config.items()]}
    (tmp_path / "u.json").write_bytes(orjson.dumps(record))
    about = {"evaluation_id": "e", "model_id": "m", "evaluation_name": "t", "sample_id": "x", "sample_hash": "h"}
    rows = [
        {**about, "evaluation_result_id": name, "evaluation": {"score": score}} for name, score in (("f", 0.5), ("p", 7.0))
    ]
    path = lines(tmp_path / "u_samples.jsonl", [*rows, {**rows[0], "sample_id": "y", "error": "timeout"}])
    found = [(result.item, result.score, result.metric) for result in read_items(path)[0]]
    assert found == [("x", 0.5, "f1"), ("y", None, "f1")]
    assert [result.score for result in read_items(path, "points")[0]] == [0.7]
    with pytest.raises(UsageError, match="has no metric bleu: choose one of f1, points"):
        read_items(path, "bleu")


def test_tables_may_be_parquet(tmp_path: Path) -> None:
    arrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    rows = arrow.table({"model": ["m", "m"], "item": ["1", "2"], "score": [True, False], "task": ["t", "t"]})
    parquet.write_table(rows, tmp_path / "scores.parquet")
    found = read_items(tmp_path / "scores.parquet")[0]
    assert [(result.task, result.item, result.score) for result in found] == [("t", "1", 1.0), ("t", "2", 0.0)]
    (tmp_path / "scores.parquet").write_bytes((tmp_path / "scores.parquet").read_bytes()[:-30])
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        read_items(tmp_path / "scores.parquet")


def test_logs_of_inspect_are_read_by_inspect(tmp_path: Path) -> None:
    logs: Any = pytest.importorskip("inspect_ai.log", reason="Inspect is not installed: pip install inspect-ai")
    samples = [
        {"id": 1, "epoch": 1, "input": "2 + 2?", "target": "4", "scores": {"match": {"value": "C"}}},
        {"id": 2, "epoch": 1, "input": "2 + 3?", "target": "5", "scores": {"match": {"value": "I"}}},
        {"id": 3, "epoch": 1, "input": "2 + 4?", "target": "6", "scores": {}},
    ]
    spec = {"created": "2026-11-28T00:00:00+00:00", "task": "sums", "dataset": {}, "model": "org/m", "config": {}}
    log = logs.EvalLog.model_validate({"status": "success", "eval": spec, "samples": samples})
    logs.write_eval_log(log, str(tmp_path / "sums.eval"))
    found, _ = read_items(tmp_path)
    cut = tmp_path / "cut.eval"
    cut.write_bytes((tmp_path / "sums.eval").read_bytes()[:-40])
    with pytest.raises(UsageError, match=r"cut\.eval cannot be read as a log of Inspect"):
        read_items(cut)
    assert [(result.item, result.score) for result in found] == [("1", 1.0), ("2", 0.0), ("3", None)]
    assert {result.model for result in found} == {"org/m"} and len({result.digest for result in found}) == 3


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("bad.csv", "a,b\n1,2\n", "line 2 has no score: a table has the columns model, item, score.*; this one has a, b"),
        ("bad.csv", "model,item,score\nm,1,\n", "line 2 has no score: leave out the lines that have none"),
        ("bad.csv", "model,item,score\nm,1,great\n", "a score is a number from 0 to 1, not 'great'"),
        ("bad.csv", "model,item,score\nm,1,7\n", "a score is a number from 0 to 1, not '7'"),
        ("bad.jsonl", "{\n", "line 1 is no JSON"),
        ("bad.txt", "", "holds no results: clemsim reads Inspect logs"),
        ("bad.json", '{"simulations": [3]}', "cannot be read: AttributeError"),
        ("long.csv", f"model,item,score\nm,{'x' * 140_000},1\n", "is no table: field larger than field limit"),
        ("mixed_samples.jsonl", '{"evaluation_id": "e", "sample_id": "s"}\n', "cannot be read: it has no 'evaluation'"),
        ("samples_mixed.jsonl", '{"doc_id": 1, "metrics": ["acc"], "acc": 1}\n{"item": 3}\n', "has no metric|it has no"),
        ("empty.csv", "model,item,score\n", "no scores in it"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line(tmp_path: Path, name: str, content: str, problem: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UsageError, match=problem):
        import_items([path], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_runs_and_tables_of_clembench_are_left_to_their_own_readers(tmp_path: Path) -> None:
    assert not holds_items(tmp_path)
    (tmp_path / "results.csv").write_text('model,clemscore,"taboo, % Played"\nm,50,100\n')
    assert not holds_items(tmp_path / "results.csv") and not holds_items(tmp_path)
    assert holds_items(lines(tmp_path / "samples_x.jsonl", [_lm_eval(0, 1.0)])) and holds_items(tmp_path)


def test_one_name_of_two_items_is_told(tmp_path: Path) -> None:
    path = lines(tmp_path / "samples_x.jsonl", [_lm_eval(0, 1.0), _lm_eval(0, 1.0, doc="another")])
    with pytest.raises(UsageError, match="item 0 of x is not the same in all of these results"):
        import_items([path], tmp_path / "run")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = pytest.raises(UsageError, match=r"there is no .*one\.eval: name a run, a study, or results of another tool")
    with refused, as_run(tmp_path / "one.eval"):
        pass


def test_items_go_out_again_but_for_the_dialogues_that_they_lack(tmp_path: Path) -> None:
    import_items([table(tmp_path / "a.csv", "m", {"x": 1.0, "y": 0.0})], tmp_path / "run")
    assert FORMATS["eee"].export(tmp_path / "run", tmp_path / "eee") == 2
    with pytest.raises(UsageError, match="holds scores of items, and not the dialogues"):
        FORMATS["clembench"].export(tmp_path / "run", tmp_path / "clembench")
    logs: Any = pytest.importorskip("inspect_ai.log", reason="Inspect is not installed: pip install inspect-ai")
    assert FORMATS["inspect"].export(tmp_path / "run", tmp_path / "logs") == 2
    (log,) = (logs.read_eval_log(str(path)) for path in (tmp_path / "logs").glob("*.eval"))
    assert sorted(sample.scores["quality"].value for sample in log.samples) == [0.0, 100.0]


def test_runs_without_a_common_item_are_told_what_each_has(tmp_path: Path) -> None:
    for model, item in (("a", "x"), ("b", "1-x")):
        import_items([table(tmp_path / f"{model}.csv", model, {item: 1.0})], tmp_path / model)
    with pytest.raises(UsageError, match="in common, by their names: A has such as task/x and B has such as task/1-x"):
        clemsim.compare(tmp_path / "a", tmp_path / "b")
