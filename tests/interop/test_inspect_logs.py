"""Exports as logs of Inspect, read back by Inspect itself where it is installed."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import clemsim
from clemsim import UsageError
from clemsim.game.events import Replied
from clemsim.interop.export import FORMATS


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> clemsim.Run:
    """A run of two games."""
    folder = tmp_path_factory.mktemp("inspect") / "run"
    return asyncio.run(clemsim.run(suite="quick", arenas=["taboo", "wordle"], agents=["baseline", "random"], out=folder))


def test_without_inspect_the_line_says_what_to_install(played: clemsim.Run, tmp_path: Path) -> None:
    if find_spec("inspect_ai"):
        pytest.skip("Inspect is installed")
    with pytest.raises(UsageError, match=r"needs the extra `inspect`: pip install 'clemsim\[inspect\]'"):
        FORMATS["inspect"].export(played.folder, tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_inspect_reads_what_was_written(played: clemsim.Run, tmp_path: Path) -> None:
    logs: Any = pytest.importorskip("inspect_ai.log", reason="Inspect is not installed: pip install inspect-ai")
    assert FORMATS["inspect"].export(played.folder, tmp_path / "logs") == played.summary.episodes
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [
        "taboo_baseline.eval", "taboo_random.eval", "wordle_baseline.eval", "wordle_random.eval",
    ]  # fmt: skip
    log = logs.read_eval_log(str(tmp_path / "logs" / "taboo_baseline.eval"))
    own = played.summary.agents["baseline"].arenas["taboo"]
    assert log.results.scores[0].metrics["quality"].value == own.quality
    assert log.results.scores[0].metrics["played"].metadata["interval_95"] == list(own.ci.played or ())
    assert len(log.samples) == own.episodes
    transcript = played.transcript(f"taboo/{log.samples[0].id}")
    replies = [event.content for event in transcript.events if isinstance(event, Replied)]
    said = [message.text.partition("\n")[2] for message in log.samples[0].messages if message.role == "assistant"]
    assert transcript.outcome and said == replies
    assert log.samples[0].scores["quality"].answer == transcript.outcome.kind
