"""Entries of .eval_results, read by the Hub's own client where it is installed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import clemsim
from clemsim.errors import UsageError
from clemsim.interop.export import FORMATS
from clemsim.interop.hub import scalar

HF = FORMATS["hf"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[clemsim.Run, Path]:
    """A run of two agents, and its export."""
    folder = tmp_path_factory.mktemp("hub")
    agents = ["baseline", "random"]
    run = asyncio.run(clemsim.run(suite="quick", arenas=["taboo", "wordle"], agents=agents, out=folder / "run"))
    options = {"dataset": "me/games", "source": "https://example.org/logs"}
    assert HF.with_options(**options).export(folder / "run", folder / "out") == 2
    return run, folder / "out"


def test_the_benchmark_must_be_named(written: tuple[clemsim.Run, Path], tmp_path: Path) -> None:
    for dataset in (None, "games", "me/ga mes"):
        with pytest.raises(UsageError, match="--dataset OWNER/NAME"):
            HF.with_options(dataset=dataset).export(written[0].folder, tmp_path / "out")
    with pytest.raises(UsageError, match="--dataset goes with --format hf"):
        FORMATS["jsonl"].with_options(dataset="me/games")
    assert not (tmp_path / "out").exists()


def test_seats_of_several_agents_are_no_result_of_one_model(tmp_path: Path) -> None:
    agents = ["describer=baseline", "guesser=random"]
    asyncio.run(clemsim.run(arenas=["taboo"], agents=agents, instances=1, out=tmp_path / "run"))
    with pytest.raises(UsageError, match="no agent that played all seats"):
        HF.with_options(dataset="me/games").export(tmp_path / "run", tmp_path / "out")


def test_the_hubs_own_client_reads_the_entries(written: tuple[clemsim.Run, Path]) -> None:
    hub: Any = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    yaml: Any = pytest.importorskip("yaml", reason="PyYAML is not installed")
    run, out = written
    data = yaml.safe_load((out / "models" / "baseline" / ".eval_results" / "quick.yaml").read_text())
    entries = hub.parse_eval_result_entries(data)
    assert hub.eval_result_entries_to_yaml(entries) == data
    own = run.summary.agents["baseline"]
    expected = {"clemscore": own.clemscore, "played": own.played, "quality": own.quality}
    expected |= {game: scores.worth for game, scores in own.arenas.items()}
    assert {entry.task_id: entry.value for entry in entries} == expected
    assert {(entry.dataset_id, entry.source_url) for entry in entries} == {("me/games", "https://example.org/logs")}
    assert own.ci.clemscore
    low, high = own.ci.clemscore
    assert f"95 % interval {low:.2f} to {high:.2f}, {own.episodes} episodes" in entries[0].notes
    benchmark = yaml.safe_load((out / "benchmark" / "eval.yaml").read_text())
    assert [task["id"] for task in benchmark["tasks"]] == list(expected)
    assert all(isinstance(benchmark[name], str) for name in ("name", "description", "evaluation_framework"))


def test_any_text_is_a_scalar_of_yaml() -> None:
    yaml: Any = pytest.importorskip("yaml", reason="PyYAML is not installed")
    for text in ("a: b # c", 'quo"te\\', "line\nbreak\ttab", "\x7f\x85\u2028\ufeff", "naïve 😀", "{x}", "- no", ""):
        assert yaml.safe_load(scalar(text)) == text
