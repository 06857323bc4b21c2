"""The report of a stress test in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.stress.report.formatting import client_figure, milliseconds, number, percent

STAGES = (
    *("load", "turns", "turns\n/s", "tokens\n/s", "TTFT\np50", "TTFT\np99", "ITL\np50", "ITL\np99"),
    *("turn\np50", "turn\np99", "failed"),
)
SERVER = (
    *("server\nat load", "run-\nning", "wait-\ning", "KV\nuse", "pre-\nempted", "prefix\nhits"),
    *("TTFT\nmean", "ITL\nmean", "turn\nmean", "SLO\nkept"),
)


def summary(report: Mapping[str, Any]) -> RenderableType:
    """Sentences, then a line for each stage; 80 columns wide."""
    said = [plain(f"- {sentence}") for sentence in report["sentences"]]
    parts: list[RenderableType] = [*said]
    if report["stages"]:
        parts += [Text(), _stages(report)]
        if any(stage["server"] for stage in report["stages"]):
            parts += [Text(), _server(report)]
        parts.append(Text("* the client's own doing, ? too few samples for a 95 % interval; times in ms", "dim"))
    if report["answers"] and report["answers"]["pairs"]:
        parts += [Text(), _answers(report["answers"])]
    return Group(*parts)


def _table(*names: str) -> RichTable:
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    return table


def _stages(report: Mapping[str, Any]) -> RichTable:
    table = _table(*STAGES)
    for stage in report["stages"]:
        mark = "*" if "throughput" in stage["spoiled"] else ""
        table.add_row(
            plain(stage["label"]),
            str(stage["turns"]),
            number(stage["turns_per_second"]) + mark,
            number(stage["output_tokens_per_second"]) + mark,
            *(client_figure(stage, name, which) for name in ("ttft", "itl", "turn") for which in (50, 99)),
            percent(stage["error_share"]) if stage["error_share"] else "0",
        )
    return table


def _server(report: Mapping[str, Any]) -> RichTable:
    table = _table(*SERVER)
    for stage in report["stages"]:
        server = stage["server"] or {}
        latency = server.get("latency", {})
        table.add_row(
            plain(stage["label"]),
            number(server.get("running")),
            number(server.get("waiting")),
            percent(server.get("kv_usage")),
            number(server.get("preemptions")),
            percent(server.get("prefix_hit_share")),
            *(milliseconds(latency.get(name, {}).get("mean")) for name in ("ttft", "itl", "turn")),
            percent(stage["slo_share"]) if report["plan"]["slo"] else "–",
        )
    return table


def _answers(answers: Mapping[str, Any]) -> RichTable:
    table = _table("answers", "alone", f"{answers['concurrency']} at once", "difference", "95 % interval", "p")
    for name, each in answers["measures"].items():
        low, high = each["interval"]
        guilty = name in answers["guilty"]
        table.add_row(
            plain(name),
            f"{each['alone']:.4g}",
            f"{each['loaded']:.4g}",
            f"{each['difference']:+.3g}",
            f"{low:+.3g}..{high:+.3g}",
            f"{each['p']:.2g}",
            style="bold red" if guilty else "",
        )
    low, high = answers["same_transcripts_interval"]
    table.add_row("same text", "", percent(answers["same_transcripts"]), "", f"{low:.0%}..{high:.0%}", "")
    return table
