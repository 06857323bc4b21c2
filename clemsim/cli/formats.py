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
from clemsim.cli.options import JsonOption, RunArgument, TrustOption
from clemsim.cli.view.results import results as results_table
from clemsim.interop.clembench.importing import import_results
from clemsim.interop.export import FORMATS
from clemsim.results.run_summary import summarize_run

importing = typer.Typer(help="Make runs out of other formats.")

NOTES = 20  # of a game; the most that are printed


FormatName = StrEnum("FormatName", {name: name for name in FORMATS})  # type: ignore[misc]  # choices for typer


def export(
    folder: RunArgument,
    format_: Annotated[
        FormatName,
        typer.Option("--format", help="; ".join(f"{name}: {choice.help}" for name, choice in FORMATS.items()) + "."),
    ],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Where to; beside the run unless given.")] = None,
    block: Annotated[
        int | None, typer.Option(min=1, help="Tokens that a hash of a mooncake trace stands for (16; Mooncake's own: 512).")
    ] = None,
    trust: TrustOption = False,
) -> None:
    """Write a run in another format.

    Example: clemsim export runs/20261123-120000-paper --format clembench --out results
    """
    with one_line():
        chosen = FORMATS[format_.value] if block is None else FORMATS[format_.value].with_block(block)
        path = out or chosen.usual_path(folder)
        check_new(path)
        count = chosen.export(folder, path, trust=trust)
        stdout.print(plain(f"{count} {chosen.unit} in {path}"), soft_wrap=True)


@importing.callback()
def import_() -> None:
    """Make runs out of other formats."""


@importing.command("clembench")
def import_clembench(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of clembench results.")],
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="The new run.")],
    suite: Annotated[
        str | None,
        typer.Option(help="The suite whose word lists are used to drive the replies again; the arenas' own unless given."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a run out of clembench results, old layout or new, with their scores.

    Where the instances are recorded too, the replies are driven through the arenas, and the agreement is reported.

    Example: clemsim import clembench results --out runs/imported
    """
    with one_line():
        games = import_results(results, out, suites.load_suite(suite) if suite else None)
        if json:
            print_json({"run": str(out), "arenas": {name: asdict(game) for name, game in games.items()}})
            return
        stdout.print(results_table(summarize_run(out)))
        for name, game in games.items():
            stdout.print(
                plain(f"{name}: {game.episodes} episodes; {game.driven} driven again, of which {game.agree} agree"),
                soft_wrap=True,
            )
            for note in game.notes[:NOTES]:
                stdout.print(plain(f"  {note}", "yellow", 400), soft_wrap=True)
