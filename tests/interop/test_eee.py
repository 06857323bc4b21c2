"""Exports as records of every-eval-ever, checked by its own models where they are installed (Python 3.12 and newer)."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim.interop.export import FORMATS


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[clemsim.Run, Path]:
    """A run, and its export."""
    folder = tmp_path_factory.mktemp("eee")
    run = asyncio.run(
        clemsim.run(suite="quick", arenas=["taboo", "wordle"], agents=["baseline", "random"], out=folder / "run")
    )
    assert FORMATS["eee"].export(folder / "run", folder / "out") == run.summary.episodes
    return run, folder / "out"


def whole(out: Path, agent: str) -> dict[str, Any]:
    (path,) = out.glob(f"data/quick/unknown/{agent}/*[!s].json")
    data: dict[str, Any] = orjson.loads(path.read_bytes())
    return data


def test_scores_have_their_intervals(records: tuple[clemsim.Run, Path]) -> None:
    run, out = records
    results = {
        result["evaluation_result_id"].split("/", 1)[1]: result for result in whole(out, "baseline")["evaluation_results"]
    }
    own = run.summary.agents["baseline"]
    for name in ("clemscore", "played", "quality"):
        details = results[f"overall/{name}"]["score_details"]
        assert details["score"] == getattr(own, name)
        limits = details["uncertainty"]["confidence_interval"]
        assert (limits["lower"], limits["upper"]) == getattr(own.ci, name)
    assert results["taboo/quality"]["score_details"]["uncertainty"]["num_samples"] == own.arenas["taboo"].episodes


def test_each_episode_is_a_line_that_belongs_to_a_result(records: tuple[clemsim.Run, Path]) -> None:
    run, out = records
    record = whole(out, "random")
    about = record["detailed_evaluation_results"]
    content = (out / about["file_path"]).read_bytes()
    lines = [orjson.loads(line) for line in content.splitlines()]
    assert about["checksum"] == sha256(content).hexdigest() and about["total_rows"] == len(lines)
    assert len({line["sample_id"] for line in lines}) == len(lines) == run.summary.agents["random"].episodes
    assert {line["evaluation_id"] for line in lines} == {record["evaluation_id"]}
    assert all(line["messages"][line["answer_attribution"][0]["turn_idx"]]["role"] == "assistant" for line in lines)


def test_an_episode_has_one_digest_whoever_played_it(records: tuple[clemsim.Run, Path]) -> None:
    _, out = records
    digests = []
    for agent in ("baseline", "random"):
        content = (out / whole(out, agent)["detailed_evaluation_results"]["file_path"]).read_bytes()
        digests.append({line["sample_id"]: line["sample_hash"] for line in map(orjson.loads, content.splitlines())})
    assert digests[0] == digests[1] and len(set(digests[0].values())) == len(digests[0])


def test_its_own_models_take_the_records(records: tuple[clemsim.Run, Path]) -> None:
    types: Any = pytest.importorskip(
        "every_eval_ever.eval_types", reason="every-eval-ever is not installed (Python >= 3.12)"
    )
    lines: Any = pytest.importorskip("every_eval_ever.instance_level_types")
    for agent in ("baseline", "random"):
        record = whole(records[1], agent)
        types.EvaluationLog.model_validate(record)
        for line in (records[1] / record["detailed_evaluation_results"]["file_path"]).read_bytes().splitlines():
            lines.InstanceLevelEvaluationLog.model_validate_json(line)
