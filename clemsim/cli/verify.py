"""`clemsim verify`: drive recorded episodes and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.status import Status
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.catalog import suites
from clemsim.cli.common import err, one_line, out, print_json
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.options import JsonOption
from clemsim.cli.view.tables import ruled_table
from clemsim.interop.clembench import verify as verifying
from clemsim.interop.clembench.verify import RecordingAgreement

MISMATCHES = 20  # of an arena; the most that are printed


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl...", help="Recorded episodes, one a line.")],
    suite: Annotated[
        str | None, typer.Option(help="The suite that gives word lists and prompts; the arenas' own unless given.")
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The rule set, where a recording names none; that of the suite unless given."),
    ] = None,
    verbatim: Annotated[
        bool | None,
        typer.Option(
            "--verbatim/--stripped",
            help="Whether replies were judged as they came; unless given, all but those of the rules v1.6 were.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Drive recorded episodes through the arenas without any model, and compare outcome, main score and every metric; with
    a suite that brings the prompts, also every ask.

    Exit code 1 on any mismatch. Files may be packed (.xz, .gz, .bz2).

    Example: clemsim verify recorded/taboo.jsonl --suite clembench-v1.6
    """
    with one_line():
        loaded = suites.load_suite(suite) if suite else None
        with Status("", console=err) as status:

            def tell(file: Path, line: int) -> None:
                status.update(plain(f"{file.name}, line {line}", "dim"))

            agreements = verifying.verify(files, loaded, rules, verbatim, tell)
        if json:
            print_json({"arenas": {name: asdict(agreement) for name, agreement in agreements.items()}})
        else:
            out.print(_table(agreements))
            for name, agreement in agreements.items():
                _print_kinds(name, agreement)
                _print_mismatches(name, agreement)
        if not all(agreement.complete for agreement in agreements.values()):
            raise typer.Exit(UNFINISHED)


def _table(agreements: Mapping[str, RecordingAgreement]) -> RichTable:
    table = ruled_table()
    table.add_column("game")
    for name in ("episodes", "outcome", "main score", "other metrics"):
        table.add_column(name, justify="right")
    for name, agreement in agreements.items():
        counts = (agreement.outcome_agree, agreement.score_agree, agreement.metrics_agree)
        shares = [_share(count, agreement.episodes) for count in counts]
        table.add_row(plain(name), str(agreement.episodes), *shares)
    return table


def _details(name: str, agreement: RecordingAgreement) -> str:
    """Return what the table has no room for: rules, rounds and asks."""
    rules = f" by the rules {agreement.rules}" if agreement.rules else ""
    rounds = f"scores of rounds {_unlike(agreement.rounds_agree, agreement)}"
    asks = f"asks {_unlike(agreement.asks_agree, agreement)} ({agreement.asks} compared)" if agreement.asks else ""
    return f"{name}{rules}: " + "; ".join(part for part in (rounds, asks or "asks not compared") if part)


def _unlike(part: int, agreement: RecordingAgreement) -> str:
    return "all agree" if part == agreement.episodes else f"differ in {agreement.episodes - part} episodes"


def _print_kinds(name: str, agreement: RecordingAgreement) -> None:
    out.print(plain(_details(name, agreement)), soft_wrap=True)
    if agreement.kinds:
        ranked = sorted(agreement.kinds.items(), key=lambda item: -item[1])
        kinds = "; ".join(f"{kind} in {count}" for kind, count in ranked)
        out.print(plain(f"{name}: episodes that differ: {kinds}", "red"), soft_wrap=True)


def _share(part: int, whole: int) -> Any:
    return plain(f"{part} ({100 * part / whole:.1f} %)", "green" if part == whole else "bold red")


def _print_mismatches(name: str, agreement: RecordingAgreement) -> None:
    for mismatch in agreement.mismatches[:MISMATCHES]:
        turn = "" if mismatch.turn is None else f", turn {mismatch.turn}"
        place = f"{mismatch.file}, line {mismatch.line}{turn}"
        out.print(plain(f"{name}: {place}: {mismatch.what}", "red"), soft_wrap=True)
    if (more := len(agreement.mismatches) - MISMATCHES) > 0:
        out.print(plain(f"{name}: and {more} more", "red"))
