"""The end of `clemsim stress` for CI: comparisons, judged limits, their files and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from clemsim._util.files import write_files
from clemsim._util.text import plain
from clemsim.cli.common import fail, out, print_json
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.stress_options import StressOptions
from clemsim.stress.report.compare import compare_repeated
from clemsim.stress.report.compare_terminal import terminal_comparison
from clemsim.stress.report.gates import JudgedGate, exit_code, judge_comparison, parse_ratio_gates
from clemsim.stress.report.stress_report import StressReport, read_report
from clemsim.stress.report.summaries import found, junit, markdown, markdown_gates

STYLES = {"failed": "bold red", "inconclusive": "yellow", "passed": "green"}


def compare(options: StressOptions) -> None:
    """Compare the reports of both sides, judge the limits, and leave with the exit code."""
    first, second = options.compare or ("", "")
    limits = parse_ratio_gates(options.fail_if or ())
    sides = [[read_report(Path(name)) for name in side.split(",") if name] for side in (first, second)]
    if not all(sides):
        fail("--compare: give a report for each side")
    comparison = compare_repeated(*sides)
    if not comparison.stages:
        fail(f"{first} and {second} have no stage in common: use the same load shape for both")
    judged = judge_comparison(limits, comparison)
    if options.json:
        data = comparison.json_data()
        print_json({**data, "gates": [gate.json_data() for gate in judged]} if judged else data)
    else:
        out.print(terminal_comparison(comparison, first, second))
    summary = "\n".join([f"## {second} against {first}", *markdown_gates(judged)]) + "\n"
    _write(options, judged, summary, f"{second} against {first}")
    _leave(judged, quiet=options.json)


def leave(options: StressOptions, report: StressReport, *, ended_early: bool) -> None:
    """Write what is wanted beside a report, and leave with an exit code unless all is well."""
    judged = [JudgedGate.model_validate(gate) for gate in report.gates]
    _write(options, judged, markdown(report, judged), f"stress test of {report.models}")
    _leave(judged, quiet=options.json)
    if ended_early:
        raise typer.Exit(UNFINISHED)


def _write(options: StressOptions, judged: Sequence[JudgedGate], summary: str, suite: str) -> None:
    for path, text in ((options.junit, junit(judged, suite)), (options.markdown, summary)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_files(path.parent, {path.name: text})


def _leave(judged: Sequence[JudgedGate], *, quiet: bool) -> None:
    if not quiet:
        for gate in judged:
            out.print(plain(found(gate), STYLES[gate.verdict]), soft_wrap=True)
    if code := exit_code(judged):
        raise typer.Exit(code)
