"""`clemsim compare`: two runs, game by game."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim.analysis.extra import load
from clemsim.analysis.kinds import MARGIN
from clemsim.cli.analyze import COMMANDS
from clemsim.cli.common import fail, one_line
from clemsim.cli.options import JsonOption, MarginOption


def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="The folder of a run, or of a study.")],
    run_b: Annotated[
        Path | None, typer.Argument(metavar="RUN_B", help="The folder of another run; RUN_A unless given.")
    ] = None,
    a: Annotated[
        str | None, typer.Option("--a", metavar="AGENT", help="The agent of RUN_A, if the run has several.")
    ] = None,
    b: Annotated[
        str | None, typer.Option("--b", metavar="AGENT", help="The agent of RUN_B, if the run has several.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Compare even where suites, rules or constraints differ; notes name them.")
    ] = False,
    these_instances: Annotated[
        bool,
        typer.Option(
            "--these-instances", help="Intervals for these instances only: run-to-run noise alone (needs repetitions)."
        ),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="RUN_A is on a public suite, RUN_B on a freshly generated one: compare each agent's scores."
        ),
    ] = False,
    margin: MarginOption = MARGIN,
    json: JsonOption = False,
) -> None:
    """Compare two runs per game, paired by instance, with 95 % intervals and verdicts.

    Examples:

      clemsim compare runs/20261123-120000-paper runs/20261123-180000-paper

      clemsim compare runs/both runs/both --a qwen2.5-7b --b baseline

      clemsim compare studies/shared-task --a our-model --b its-base

      clemsim compare runs/three-times runs/three-times-q4 --these-instances

      clemsim compare runs/20261123-120000-paper runs/20261123-180000-fresh --fresh
    """
    with one_line():
        run_b = run_b or run_a
        if fresh:
            if anyway or these_instances:
                fail("--fresh goes with neither --anyway nor --these-instances")
            load(COMMANDS).run_fresh_comparison(run_a, run_b, [name for name in (a, b) if name], as_object=json)
            return
        load(COMMANDS).run_comparison(
            run_a, run_b, a, b, anyway=anyway, these_instances=these_instances, margin=margin, as_object=json
        )
