"""`clemsim compare`: two runs, game by game."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from clemsim.analysis.extra import load
from clemsim.analysis.kinds import MARGIN
from clemsim.cli.analyze import COMMANDS
from clemsim.cli.common import err, fail, one_line
from clemsim.cli.options import JsonOption, MarginOption, MetricOption, WithoutOption, split_games
from clemsim.cli.view.amounts import amounts_shown
from clemsim.interop.items.opening import as_run, clembench_models


def compare(
    run_a: Annotated[
        Path, typer.Argument(metavar="RUN_A", help="The folder of a run or of a study, or results of another tool.")
    ],
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
    without: WithoutOption = None,
    metric: MetricOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two runs per game, paired by instance, with 95 % intervals and verdicts.

    Results of other tools are compared task by task, paired by item: Inspect's logs, samples of lm-evaluation-harness and of
    every-eval-ever, runs of tau2, folders of clembench's results, tables with the columns model, item, score.

    Examples:

      clemsim compare runs/20261123-120000-paper runs/20261123-180000-paper

      clemsim compare runs/both runs/both --a qwen2.5-7b --b baseline

      clemsim compare runs/both runs/both --a qwen2.5-7b --b baseline --without imagegame,privateshared

      clemsim compare studies/shared-task --a our-model --b its-base

      clemsim compare runs/three-times runs/three-times-q4 --these-instances

      clemsim compare runs/20261123-120000-paper runs/20261123-180000-fresh --fresh

      clemsim compare logs/gsm8k-one.eval logs/gsm8k-other.eval

      clemsim compare results/model-a results/model-b --metric acc_norm

      clemsim compare scores.csv --a one-model --b another
    """
    of_a, of_b = ([name] if name else [] for name in (a, b))
    with one_line(), ExitStack() as opened:
        with amounts_shown(err) as watch:
            known = [] if run_b or (a and b) or fresh else clembench_models(run_a)
            if len(known) > 1:  # told before all of them are read
                fail(f"{run_a} has several models: choose with {'--b' if a else '--a'} one of {', '.join(known)}")
            of_a = of_a if run_b else [*of_a, *of_b]
            run_a = opened.enter_context(as_run(run_a, metric, of_a, watch))
            run_b = opened.enter_context(as_run(run_b, metric, of_b, watch)) if run_b else run_a
        if fresh:
            if anyway or these_instances:
                fail("--fresh goes with neither --anyway nor --these-instances")
            agents = [name for name in (a, b) if name]
            load(COMMANDS).run_fresh_comparison(run_a, run_b, agents, split_games(without), as_object=json)
            return
        options = {"anyway": anyway, "these_instances": these_instances, "margin": margin, "without": split_games(without)}
        load(COMMANDS).run_comparison(run_a, run_b, a, b, as_object=json, **options)
