"""`clemsim analyze`: what makes a model play well?"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from clemsim.analysis.extra import load
from clemsim.analysis.kinds import KINDS, LETTERS, MARGIN, NAMES, AnalysisOptions, choose
from clemsim.analysis.sources import Decoding
from clemsim.cli.common import err, one_line
from clemsim.cli.options import JsonOption, MarginOption, MetricOption, WithoutOption, all_finite, split_games
from clemsim.cli.view.amounts import amounts_shown
from clemsim.interop.items.opening import as_run, holds_clembench, holds_items

COMMANDS = "clemsim.cli.analysis_commands"  # needs the extra `analysis`


def analyze(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="Runs, studies, clembench's results.csv or raw.csv, folders of tables, results of other tools.",
        ),
    ],
    characteristics: Annotated[
        list[Path] | None,
        typer.Option(metavar="CSV", help="Characteristics of the models, a row for each; repeat for several tables."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of report, tables and figures.")] = Path("analysis"),
    only: Annotated[
        str,
        typer.Option(metavar="ANALYSES", help=f"Only these analyses: letters such as acf, or names with commas: {NAMES}."),
    ] = LETTERS,
    figures: Annotated[
        str, typer.Option(metavar="KINDS", help="Kinds of figures, with commas; none: the report alone.")
    ] = "svg,png,pdf",
    score: Annotated[
        list[float] | None,
        typer.Option(
            min=0.0,
            max=100.0,
            callback=all_finite,
            help="Estimate the number of parameters for this clemscore; repeat for several scores.",
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model whose profile is drawn; the best unless given.")
    ] = None,
    margin: MarginOption = MARGIN,
    games: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Games between models to rate: first, second, score (1, 0, 0.5).")
    ] = None,
    suite: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this suite.")] = None,
    decoding: Annotated[
        Decoding | None, typer.Option(help="Only runs with this decoding; plain where there are both kinds.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Only models that meet this, such as 'open and parameters < 1000': columns of characteristics, scores "
            "(clemscore, taboo.quality) and other tables, with = != < > in, and, or, not.",
        ),
    ] = None,
    without: WithoutOption = None,
    metric: MetricOption = None,
    groups: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Own groups of models, for families and lineages: a CSV (model,group) or a TOML."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Analyse runs, studies or published tables: the paper's analyses and more, with intervals and verdicts.

    {kinds}.

    Examples:

      clemsim analyze results.csv --characteristics model_characteristics.csv

      clemsim analyze runs/study --out analysis --figures svg

      clemsim analyze runs/study --decoding constrained

      clemsim analyze results.csv --characteristics model_characteristics.csv --where "open and parameters < 1000"

      clemsim analyze results.csv --without imagegame,privateshared --only size,quantisation

      clemsim analyze runs/20261123-120000-paper runs/20261123-180000-paper --only profiles,quantisation --json

      clemsim analyze scores.csv --only profiles,correlations
    """
    with one_line(), ExitStack() as imported:
        with amounts_shown(err) as watch:
            sources = [
                imported.enter_context(as_run(path, metric, watch=watch)) if _is_foreign(path) else path for path in sources
            ]
        commands = load(COMMANDS)
        subset = commands.Subset(where, split_games(without))
        kinds = [kind.strip() for kind in figures.split(",") if kind.strip() and kind.strip() != "none"]
        commands.run_analyses(
            commands.Sources(sources, characteristics or [], games, suite, decoding, groups, subset),
            choose(only),
            AnalysisOptions(score or (), profile, margin),
            out,
            kinds,
            as_object=json,
        )


def _is_foreign(path: Path) -> bool:
    """Return whether a path is results of another tool; a folder of clembench's with its tables is read by those."""
    return holds_items(path) or (holds_clembench(path) and not any(path.glob("*.csv")))


# The command line shows the docstring as help; the list of analyses is that of the registry.
analyze.__doc__ = (analyze.__doc__ or "").replace("{kinds}", ", ".join(f"{kind.letter} {kind.title}" for kind in KINDS))
