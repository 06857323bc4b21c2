"""Short forms of a report for other programs: judged gates as JUnit's XML, and a summary in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from clemsim.stress.report.formatting import milliseconds, number, percent
from clemsim.stress.report.gates import JudgedGate
from clemsim.stress.report.stress_report import StressReport

HEAD = ("load", "in flight", "turns", "turns/s", "tokens/s", "TTFT p50", "TTFT p99", "turn p99", "SLO kept", "failed")


def junit(judged: Sequence[JudgedGate], suite: str) -> str:
    """Return a suite with a case for each gate at each stage; an inconclusive one is an error, not a failure."""
    cases = "".join(_case(gate, suite) for gate in judged)
    failures = sum(gate.verdict == "failed" for gate in judged)
    errors = sum(gate.verdict == "inconclusive" for gate in judged)
    top = f'<testsuite name={quoteattr(suite)} tests="{len(judged)}" failures="{failures}" errors="{errors}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{top}\n{cases}</testsuite>\n'


def _case(gate: JudgedGate, suite: str) -> str:
    name = quoteattr(f"not {gate.gate} at {gate.stage}")
    said = escape(found(gate))
    kind = {"failed": "failure", "inconclusive": "error"}.get(gate.verdict)
    inside = f"<{kind} message={quoteattr(found(gate))}>{said}</{kind}>" if kind else f"<system-out>{said}</system-out>"
    return f"  <testcase classname={quoteattr(suite)} name={name}>{inside}</testcase>\n"


def found(gate: JudgedGate) -> str:
    """Return what was found at a gate, as a sentence without an end."""
    if gate.value is None:
        return f"{gate.gate} at {gate.stage}: {gate.verdict}, there is no such figure"
    ends = f"95 % {gate.interval[0]:.4g}..{gate.interval[1]:.4g}" if gate.interval else "too few samples for an interval"
    return f"{gate.gate} at {gate.stage}: {gate.verdict}, it is {gate.value:.4g} ({ends})"


def markdown(report: StressReport, judged: Sequence[JudgedGate] = ()) -> str:
    """Return the sentences of a report, a table of its stages and what became of the gates."""
    rows = [
        (
            stage.label,
            number(stage.in_flight),
            str(stage.turns),
            number(stage.turns_per_second),
            number(stage.output_tokens_per_second),
            milliseconds(stage.latency.ttft.p50),
            milliseconds(stage.latency.ttft.p99),
            milliseconds(stage.latency.turn.p99),
            percent(stage.slo_share) if report.plan.slo else "",
            percent(stage.error_share),
        )
        for stage in report.stages
    ]
    parts = [f"## Stress test of {_cell(report.models)}", "", *(f"- {_cell(text)}" for text in report.sentences), ""]
    parts += [_line(HEAD), _line("---" for _ in HEAD), *map(_line, rows), "", "Times in milliseconds."] if rows else []
    return "\n".join([*parts, *markdown_gates(judged)]) + "\n"


def markdown_gates(judged: Sequence[JudgedGate]) -> list[str]:
    """Return the lines of a list of judged gates; none without gates."""
    return ["", "### Gates", "", *(f"- **{gate.verdict}** {_cell(found(gate))}" for gate in judged)] if judged else []


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")
