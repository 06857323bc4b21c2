"""`clemsim ratings`: who plays better, from which seat, with whom?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim.analysis.extra import load
from clemsim.cli.common import one_line
from clemsim.cli.options import JsonOption

COMMANDS = "clemsim.cli.rating_commands"  # needs the extra `analysis`


def ratings(
    sources: Annotated[list[Path], typer.Argument(metavar="RUN|STUDY...", help="Runs and studies in which agents met.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of report, tables and figures.")] = Path("ratings"),
    forfeits: Annotated[
        bool, typer.Option("--forfeits", help="Count an aborted episode as lost by the seat to blame; else it is no game.")
    ] = False,
    freeze: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the agents with their ratings as a population, for clemsim run --against."),
    ] = None,
    suite: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this suite.")] = None,
    figures: Annotated[
        str, typer.Option(metavar="KINDS", help="Kinds of figures, with commas; none: the report alone.")
    ] = "svg,png,pdf",
    json: JsonOption = False,
) -> None:
    """Rate agents that played each other, and tell who plays how well with whom, whose fault failures are, and which pairing
    to play next. Needs the extra `analysis`.

    Examples:

      clemsim run --arena taboo --agent local --agent baseline --pairings all --out runs/pairs

      clemsim ratings runs/pairs

      clemsim ratings studies/tournament --forfeits --json
    """
    with one_line():
        kinds = [kind.strip() for kind in figures.split(",") if kind.strip() and kind.strip() != "none"]
        load(COMMANDS).run_ratings(sources, out, kinds, suite, freeze, forfeits=forfeits, as_object=json)
