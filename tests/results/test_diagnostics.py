"""Reports on the servers' caches and on clemsim's own cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Group

from clemsim._util.loop_monitor import Monitor
from clemsim.cli.view.results import results
from clemsim.engines.simulated.answers import Body, Template, prompt, tokens
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.results import diagnostics
from clemsim.results.diagnostics import CacheReport, ServerReport, Throughput
from clemsim.results.run_summary import RunSummary
from clemsim.results.summary import summarize
from clemsim.runtime.scheduler import Scheduler
from clemsim.store import reader
from clemsim.store.writer import RunStore
from clemsim.testing import run_virtually
from tests.talk import Talk, seat, topics

NO_THROUGHPUT = Throughput(
    turns=0,
    requests=0,
    retries=0,
    tokens_in=0,
    tokens_out=0,
    tokens_cached=0,
    seconds=0,
    turns_per_second=0.0,
    peak_in_flight=0,
    cpu_ms_per_turn=None,
    loop_lag_ms=(0.0, 0.0),
)


def even(body: Body) -> str:
    """Return a reply of 40 tokens."""
    return "abc." * 40


def caches(tmp_path: Path, template: Template = prompt, **more: Any) -> dict[str, CacheReport]:
    """Return the reports on the caches after 32 episodes of 8 turns."""
    engine = SimulatedEngine(Spec(seats=16, **more), even, template)
    talk, writer = Talk(), RunStore(tmp_path / "run.db")

    async def main() -> None:
        async with seat(engine) as agent:
            episodes = talk.episodes(topics(32, lambda number: 8, words=150), agent)
            for episode in episodes:
                writer.enlist(episode.key, episode.instance, talk.version)
            await Scheduler(writer, 32).play(episodes)

    try:
        run_virtually(main())
    finally:
        writer.close()
    with reader.reading(tmp_path / "run.db") as base:
        return diagnostics.caches(base)


def forgets(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a prompt as a template does that keeps only the last three messages."""
    return prompt(messages[-3:])


def stamps_time(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a prompt as a template does that begins with another text in every turn."""
    return [*tokens(f"Turn {len(messages)}"), *prompt(messages)]


def test_a_cache_that_works_gets_no_warning(tmp_path: Path) -> None:
    report = caches(tmp_path)["simulated"]
    assert report.share > 0.9 and report.warning == "" and report.turns > 100


def test_a_template_that_drops_text_is_named(tmp_path: Path) -> None:
    report = caches(tmp_path, forgets)["simulated"]
    assert "template drops text" in report.warning and "%" in report.warning


def test_a_template_that_changes_earlier_turns_is_named(tmp_path: Path) -> None:
    report = caches(tmp_path, stamps_time)["simulated"]
    assert report.share == 0 and "changes earlier turns" in report.warning


def test_a_cache_that_is_too_small_is_named(tmp_path: Path) -> None:
    report = caches(tmp_path, blocks=1000)["simulated"]
    assert report.share < 0.5 and ("KV cache" in report.warning)


def test_the_warning_is_printed() -> None:
    summary = RunSummary(
        run="r",
        suite="quick",
        suite_seed=None,
        constrained=False,
        cut_replies={},
        throughput=NO_THROUGHPUT,
        caches={
            "tiny": CacheReport(turns=50, share=0.25, warning="because"),
            "other": CacheReport(turns=50, share=1.0, warning=""),
        },
        stopped_when=None,
        servers={"http://s:1": ServerReport(agents=["tiny", "poet"], width=64, in_flight=60, prefix_hits=0.8)},
        **dict(summarize([])),
    )
    remarks = [str(remark) for remark in cast(Group, results(summary)).renderables]
    assert "25% of what tiny's server had seen before was found in its prefix cache: because" in remarks
    assert not any("other" in remark for remark in remarks)
    shared = "tiny, poet shared http://s:1: width up to 64, up to 60 turns in flight together"
    assert f"{shared}, 80% of its prompt tokens were in its prefix cache" in remarks


def test_lag_is_counted_in_classes() -> None:
    monitor = Monitor()
    for seconds in [0.001] * 990 + [0.2] * 10:
        monitor.add_lag(seconds)
    assert monitor.lag(0.5) == pytest.approx(0.001, rel=0.25)
    assert monitor.lag(0.995) == pytest.approx(0.2, rel=0.25) and monitor.longest == 0.2
    assert Monitor().lag() == 0.0


async def test_a_blocked_loop_is_seen() -> None:
    monitor = Monitor()
    watching = asyncio.create_task(monitor.watch())
    await asyncio.sleep(0.12)
    time.sleep(0.15)  # noqa: ASYNC251 (this is what it is to see)
    await asyncio.sleep(0.06)
    watching.cancel()
    assert monitor.facts()["lag_max"] > 0.05
