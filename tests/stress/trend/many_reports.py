"""Reports of months: the fixed sweep as it might be measured again and again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clemsim.stress.report.stress_report import StressReport
from tests.stress.report.fixed_input import fixed_reports

FIRST = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)


def at_day(report: StressReport, day: float, factor: float = 1.0, **changes: Any) -> StressReport:
    """Return the report as if it were begun this many days after the first, `factor` times as fast."""
    stages = tuple(
        stage.model_copy(
            update={
                "output_tokens_per_second": factor * stage.output_tokens_per_second,
                "rates": tuple(factor * rate for rate in stage.rates),
            }
        )
        for stage in changes.pop("stages", report.stages)
    )
    begun = (FIRST + timedelta(days=day)).isoformat(timespec="seconds")
    return report.model_copy(update={"begun": begun, "stages": stages, "agents": agents("0.31"), **changes})


def agents(version: str, model: str = "fake") -> tuple[Mapping[str, object], ...]:
    """Return the one agent of a test against a server of this version."""
    return ({"name": model, "engine": "chat", "model": model, "server": {"dialect": "vllm", "version": version}},)


def write_months(folder: Path) -> None:
    """Write reports of two stacks into `folder`: one with a gap, a change of the server and a test that ended early."""
    dice = random.Random(1)
    fixed = fixed_reports()
    sweep, rates = fixed["sweep"], fixed["rates"]
    days = [*range(12), *range(30, 42)]
    for number, day in enumerate(days):
        changes: dict[str, Any] = {"agents": agents("0.32")} if day >= 34 else {}
        if number == 6:
            changes |= {"stages": sweep.stages[:3], "knee": None, "stopped": "it was stopped"}
        report = at_day(sweep, day, dice.gauss(1.0, 0.02) * (1.15 if day >= 34 else 1.0), **changes)
        write(folder / f"nightly-{day:02}" / "report.json", report)
    for day in range(3):
        write(folder / f"rates-{day}.json", at_day(rates, day))


def write(path: Path, report: StressReport) -> None:
    """Write the report to `path`, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(report.to_json())
