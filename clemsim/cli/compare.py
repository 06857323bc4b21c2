"""`clemsim compare`: two runs, game by game."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim.cli.analyze import analysing
from clemsim.cli.common import one_line


def compare(
    one: Annotated[Path, typer.Argument(metavar="RUN_A", help="The folder of a run.")],
    two: Annotated[Path, typer.Argument(metavar="RUN_B", help="The folder of another, or of the same.")],
    first: Annotated[
        str | None, typer.Option("--a", metavar="AGENT", help="Which agent of RUN_A, if it has several.")
    ] = None,
    second: Annotated[
        str | None, typer.Option("--b", metavar="AGENT", help="Which agent of RUN_B, if it has several.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Compare even where suites, rules or constraints differ; they are named.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Differences per game between two runs, paired by instance, with 95 % intervals and verdicts.

    Examples:

      clemsim compare runs/20261123-120000-paper runs/20261123-180000-paper

      clemsim compare runs/both runs/both --a qwen2.5-7b --b baseline
    """
    with one_line():
        analysing().compare(one, two, first, second, anyway=anyway, as_object=json)
