"""Two stress tests of the same shape laid side by side: the same stages in pairs, B against A."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.stress.report.formatting import NONE, milliseconds, number

RESAMPLES = 2_000
FIGURES = {
    "output tokens/s": ("output_tokens_per_second",),
    "turns/s": ("turns_per_second",),
    "goodput": ("goodput",),
    "TTFT p50": ("latency", "ttft", "p50"),
    "TTFT p99": ("latency", "ttft", "p99"),
    "ITL p50": ("latency", "itl", "p50"),
    "ITL p99": ("latency", "itl", "p99"),
    "turn p50": ("latency", "turn", "p50"),
    "turn p99": ("latency", "turn", "p99"),
}


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """For each stage that both have, every figure of both and their ratio B / A, with a 95 % interval for that of the
    throughputs; over all stages the geometric mean of the ratios, with an interval from redrawing the stages.
    """
    others = {stage["label"]: stage for stage in second["stages"]}
    pairs = [(stage, others[stage["label"]]) for stage in first["stages"] if stage["label"] in others]
    stages = [_stage(a, b) for a, b in pairs]
    return {
        "stages": stages,
        "overall": {name: _overall([each["figures"][name]["ratio"] for each in stages]) for name in FIGURES}
        if stages
        else {},
        "knees": [each["knee"]["concurrency"] if each["knee"] else None for each in (first, second)],
        "spoiled": [each["label"] for each in stages if each["spoiled"]],
        "same_plan": _plan(first) == _plan(second),
    }


def _plan(report: Mapping[str, Any]) -> dict[str, Any]:
    """What must be alike for a comparison of servers: all but the servers."""
    return {name: value for name, value in report["plan"].items() if name not in ("agents", "urls")}


def _stage(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    figures = {}
    for name, path in FIGURES.items():
        one, other = _at(a, path), _at(b, path)
        figures[name] = {"a": one, "b": other, "ratio": other / one if one and other else None}
    return {
        "label": a["label"],
        "figures": figures,
        "throughput_interval": _ratio_interval(a["rates"], b["rates"]),
        "spoiled": sorted({*a["spoiled"], *b["spoiled"]}),
    }


def _at(stage: Any, path: Sequence[str]) -> float | None:
    for name in path:
        stage = stage[name]
    return None if stage is None else float(stage)


def _ratio_interval(a: Sequence[float], b: Sequence[float]) -> tuple[float, float] | None:
    """A 95 % interval for the ratio of two throughputs, from redrawing the parts of each stage."""
    if min(len(a), len(b)) < 3 or not sum(a) or not sum(b):
        return None
    dice = random.Random(0)
    ratios = sorted(
        _mean(dice.choices(b, k=len(b))) / max(1e-12, _mean(dice.choices(a, k=len(a)))) for _ in range(RESAMPLES)
    )
    return ratios[int(0.025 * RESAMPLES)], ratios[int(0.975 * RESAMPLES) - 1]


def _overall(ratios: Sequence[float | None]) -> dict[str, Any]:
    """The geometric mean of ratios, and a 95 % interval where there are at least three."""
    logs = [log(each) for each in ratios if each]
    if not logs:
        return {"ratio": None, "interval": None, "n": 0}
    dice = random.Random(0)
    means = sorted(_mean(dice.choices(logs, k=len(logs))) for _ in range(RESAMPLES))
    ends = (exp(means[int(0.025 * RESAMPLES)]), exp(means[int(0.975 * RESAMPLES) - 1]))
    return {"ratio": exp(_mean(logs)), "interval": ends if len(logs) > 2 else None, "n": len(logs)}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def shown(found: Mapping[str, Any], first: str, second: str) -> RenderableType:
    """The comparison in a terminal, 80 columns wide."""
    parts: list[RenderableType] = [plain(f"A: {first}"), plain(f"B: {second}")]
    if not found["same_plan"]:
        parts.append(Text("the two tests were not planned alike: look at `plan` in both reports", "yellow"))
    if found["spoiled"]:
        names = ", ".join(found["spoiled"])
        parts.append(plain(f"at {names} some figures are a client's own doing: see the reports", "yellow"))
    knees = [NONE if each is None else f"{each:.3g}" for each in found["knees"]]
    if found["knees"] != [None, None]:
        parts.append(plain(f"knee: {knees[0]} conversations in A, {knees[1]} in B"))
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    table.add_column("load")
    table.add_column("figure")
    for name in ("A", "B", "B / A", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for stage in found["stages"]:
        _rows(table, stage)
    for name, each in found["overall"].items():
        ends = each["interval"]
        table.add_row(
            "all", name, "", "", _ratio(each["ratio"]), f"{ends[0]:.3f}..{ends[1]:.3f}" if ends else NONE, style="bold"
        )
    return Group(*parts, table, Text("times in ms; all: geometric mean over stages, interval from redrawing them", "dim"))


def _rows(table: RichTable, stage: Mapping[str, Any]) -> None:
    names = list(stage["figures"])
    for name in names:
        each = stage["figures"][name]
        show = milliseconds if name.split()[0] in ("TTFT", "ITL", "turn") else number
        ends = stage["throughput_interval"] if name == "output tokens/s" else None
        interval = f"{ends[0]:.3f}..{ends[1]:.3f}" if ends else ""
        label = plain(stage["label"]) if name == names[0] else ""
        table.add_row(
            label, name, show(each["a"]), show(each["b"]), _ratio(each["ratio"]), interval, end_section=name == names[-1]
        )


def _ratio(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"
