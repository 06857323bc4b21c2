"""`clemsim export` and `clemsim import`: runs in other formats."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.files import check_new
from clemsim._util.text import plain
from clemsim.catalog import suites
from clemsim.cli.common import one_line, print_json
from clemsim.cli.common import out as stdout
from clemsim.cli.view.results import results as table
from clemsim.interop import export as exporting
from clemsim.interop.clembench.importing import import_results
from clemsim.results.run_summary import summarize_run

importing = typer.Typer(help="Make runs out of other formats.")

SHOWN = 20  # notes of a game


class ExportFormat(StrEnum):
    """What a run can be written as."""

    clembench = "clembench"
    jsonl = "jsonl"
    parquet = "parquet"
    trace = "trace"


def export(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    format_: Annotated[
        ExportFormat, typer.Option("--format", help="clembench: its results layout; trace: for load testers.")
    ],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Where to; beside the run unless given.")] = None,
) -> None:
    """Write a run in another format.

    Example: clemsim export runs/20261123-120000-paper --format clembench --out results
    """
    with one_line():
        write, ending, what = exporting.FORMATS[format_.value]
        there = out or folder.with_name(f"{folder.name}{ending}")
        check_new(there)
        count = write(folder, there)
        stdout.print(plain(f"{count} {what} in {there}"), soft_wrap=True)


@importing.callback()
def import_() -> None:
    """Make runs out of other formats."""


@importing.command("clembench")
def import_clembench(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of clembench results.")],
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="The new run.")],
    suite: Annotated[
        str | None, typer.Option(help="Where word lists come from to drive the replies again; the arenas' own unless given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Make a run out of clembench results, old layout or new, with their scores.

    Where instances are there, the recorded replies are driven through the arenas, and the agreement is reported.

    Example: clemsim import clembench results --out runs/imported
    """
    with one_line():
        found = import_results(results, out, suites.load_suite(suite) if suite else None)
        if json:
            print_json({"run": str(out), "arenas": {name: asdict(each) for name, each in found.items()}})
            return
        stdout.print(table(summarize_run(out)))
        for name, each in found.items():
            stdout.print(
                plain(f"{name}: {each.episodes} episodes; {each.driven} driven again, of which {each.agree} agree"),
                soft_wrap=True,
            )
            for note in each.notes[:SHOWN]:
                stdout.print(plain(f"  {note}", "yellow", 400), soft_wrap=True)
