"""`clemsim verify`: drive recorded episodes and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import HORIZONTALS
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.catalog import suites
from clemsim.cli.common import UNFINISHED, one_line, out, print_json
from clemsim.interop.clembench import verify as verifying
from clemsim.interop.clembench.verify import Agreement

SHOWN = 20  # mismatches of an arena


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl...", help="Recorded episodes, one a line.")],
    suite: Annotated[
        str | None, typer.Option(help="Where word lists and prompts come from; the arenas' own unless given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Drive recorded episodes through the arenas without any model, and compare outcome, main score and every metric.

    Exit code 1 on any mismatch.

    Example: clemsim verify recorded/taboo.jsonl --suite clembench-v1.6
    """
    with one_line():
        found = verifying.verify(files, suites.load_suite(suite) if suite else None)
        if json:
            print_json({"arenas": {name: asdict(agreement) for name, agreement in found.items()}})
        else:
            out.print(_table(found))
            for name, agreement in found.items():
                _mismatches(name, agreement)
        if not all(agreement.complete for agreement in found.values()):
            raise typer.Exit(UNFINISHED)


def _table(found: Mapping[str, Agreement]) -> RichTable:
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.add_column("game")
    for name in ("episodes", "outcome", "main score", "other metrics"):
        table.add_column(name, justify="right")
    for name, each in found.items():
        agree = [_share(part, each.episodes) for part in (each.outcome_agree, each.score_agree, each.metrics_agree)]
        table.add_row(plain(name), str(each.episodes), *agree)
    return table


def _share(part: int, whole: int) -> Any:
    return plain(f"{part} ({100 * part / whole:.1f} %)", "green" if part == whole else "bold red")


def _mismatches(name: str, agreement: Agreement) -> None:
    for each in agreement.mismatches[:SHOWN]:
        turn = "" if each.turn is None else f", turn {each.turn}"
        out.print(plain(f"{name}: {each.file}, line {each.line}{turn}: {each.what}", "red"), soft_wrap=True)
    if (more := len(agreement.mismatches) - SHOWN) > 0:
        out.print(plain(f"{name}: and {more} more", "red"))
