"""The report of a stress test as one HTML file that needs nothing else: figures are drawn into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from clemsim.stress.report.formatting import bucket, client_figure, interval, milliseconds, number, percent

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.86rem; }
th, td { text-align: right; padding: 0.2rem 0.6rem; border-bottom: 1px solid #eee; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { border-bottom: 1px solid #999; }
.wide { overflow-x: auto; } .said li { margin: 0.3rem 0; } .note { color: #555; font-size: 0.86rem; }
svg { max-width: 100%; height: auto; } .guilty { color: #b00020; font-weight: bold; }
"""
NAMES = {"ttft": "time to first token", "itl": "between tokens", "tpot": "per output token", "turn": "whole turn"}
FIGURES = {"throughput": "Throughput", "latency": "Latency", "timeline": "Timeline"}


def page(report: Mapping[str, Any], figures: Mapping[str, str]) -> str:
    """The whole page; `figures` are SVG drawings by name. Everything that came from outside is escaped."""
    plan = report["plan"]
    models = ", ".join(str(agent.get("model", agent.get("name", ""))) for agent in report["agents"]) or ", ".join(
        plan["agents"]
    )
    parts = [
        f"<h1>Stress test of {escape(models)}</h1>",
        f"<p class=note>{escape(', '.join(plan['urls']))}; begun {escape(str(report['begun']))}; {escape(_load(plan))}</p>",
        "<ul class=said>" + "".join(f"<li>{escape(each)}</li>" for each in report["sentences"]) + "</ul>",
    ]
    parts += [f"<h2>{title}</h2><figure>{figures[name]}</figure>" for name, title in FIGURES.items() if name in figures]
    if report["stages"]:
        parts += [_stages(report), _latencies(report["stages"]), _beside(report["stages"]), _client(report["stages"])]
    if report["answers"] and report["answers"]["pairs"]:
        parts.append(_answers(report["answers"]))
    body = "\n".join(parts)
    head = f"<meta charset=utf-8><title>Stress test of {escape(models)}</title><style>{STYLE}</style>"
    return f"<!doctype html>\n<html lang=en>{head}\n{body}\n</html>\n"


def _load(plan: Mapping[str, Any]) -> str:
    mix = ", ".join(f"{name} x {weight:g}" for name, weight in plan["mix"].items())
    length = (
        f"replies of exactly {plan['max_tokens']} tokens"
        if plan["forced_length"]
        else f"at most {plan['max_tokens']} tokens a reply"
    )
    return f"conversations: {mix}; {length}; seed {plan['seed']}"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> str:
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(each)}</td>" for each in row) + "</tr>" for row in rows)
    below = f"<p class=note>{escape(note)}</p>" if note else ""
    return f"<h2>{escape(title)}</h2><div class=wide><table><tr>{top}</tr>{lines}</table></div>{below}"


def _stages(report: Mapping[str, Any]) -> str:
    head = (
        "load",
        "turns",
        "turns/s",
        "output tokens/s",
        "goodput turns/s",
        "SLO kept",
        "failed",
        "in flight",
        "%Played",
        "Quality",
    )
    rows = []
    for stage in report["stages"]:
        mark = "*" if "throughput" in stage["spoiled"] else ""
        rows.append(
            (
                stage["label"],
                str(stage["turns"]),
                number(stage["turns_per_second"]) + mark,
                number(stage["output_tokens_per_second"]) + mark,
                number(stage["goodput"]) if report["plan"]["slo"] else "–",
                percent(stage["slo_share"]) if report["plan"]["slo"] else "–",
                percent(stage["error_share"]),
                number(stage["in_flight"]),
                number(stage["games"]["played"]),
                number(stage["games"]["quality"]),
            )
        )
    return _table("Stages", head, rows, "Load: conversations at once, or arriving a second (/s). * the client's own doing.")


def _latencies(stages: Rows) -> str:
    head = ("load", "what", "n", "mean", "p50", "p90", "p95", "p99", "p99, 95 % interval")
    rows = [
        (
            stage["label"],
            title,
            str(stage["latency"][name]["n"]),
            milliseconds(stage["latency"][name]["mean"]),
            *(client_figure(stage, name, which) for which in (50, 90, 95, 99)),
            interval(stage["latency"][name], 99),
        )
        for stage in stages
        for name, title in (*NAMES.items(), ("conversation", "conversation"))
    ]
    note = (
        "Milliseconds, from the moment each turn was due. n: sample size. ? too few samples for a 95 % interval. "
        "* the client's own doing."
    )
    return _table("Latency", head, rows, note)


def _beside(stages: Rows) -> str:
    """The server's histograms beside the client's figures."""
    head = (
        "load",
        "what",
        "client mean",
        "server mean",
        "client p50",
        "server p50 in",
        "client p99",
        "server p99 in",
        "server n",
    )
    rows = []
    for stage in stages:
        found = (stage["server"] or {}).get("latency", {})
        rows += [
            (
                stage["label"],
                title,
                milliseconds(stage["latency"][name]["mean"]),
                milliseconds(found[name]["mean"]),
                client_figure(stage, name, 50),
                bucket(found[name]["p50"]),
                client_figure(stage, name, 99),
                bucket(found[name]["p99"]),
                str(found[name]["n"]),
            )
            for name, title in NAMES.items()
            if name in found
        ]
    note = "Milliseconds. The server knows a percentile only as the bucket of its histogram that it lies in."
    return _table("Client and server", head, rows, note) if rows else ""


def _client(stages: Rows) -> str:
    head = ("load", "CPU of a core", "loop lag p50", "loop lag p99", "sent late p50", "sent late p99", "spoiled")
    rows = [
        (
            stage["label"],
            percent(stage["client"]["cpu"]),
            *(milliseconds(stage["client"][name][which]) for name in ("lag", "late") for which in ("p50", "p99")),
            "; ".join(f"{name}: {why}" for name, why in stage["spoiled"].items()) or "nothing",
        )
        for stage in stages
    ]
    return _table(
        "The client's own health", head, rows, "Milliseconds. Late: between the moment a turn was due and its request."
    )


def _answers(answers: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            f"{each['alone']:.4g}",
            f"{each['loaded']:.4g}",
            f"{each['difference']:+.3g}",
            f"{each['interval'][0]:+.3g}..{each['interval'][1]:+.3g}",
            f"{each['p']:.2g}",
        )
        for name, each in answers["measures"].items()
    ]
    low, high = answers["same_transcripts_interval"]
    parted = ", ".join(f"turn {turn}: {count}" for turn, count in answers["first_difference"].items()) or "none"
    note = (
        f"{answers['pairs']} pairs of episodes, {answers['unfinished']} unfinished. Transcripts agree word for word in "
        f"{percent(answers['same_transcripts'])} ({low:.0%}..{high:.0%}); first turn at which the others part: {parted}."
    )
    head = ("what", "alone", f"{answers['concurrency']} at once", "difference", "95 % interval", "p")
    return _table("Answers under load", head, rows, note)


Rows = Sequence[Mapping[str, Any]]
