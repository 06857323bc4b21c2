"""`clemsim analyze`: what makes a model play well?"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from clemsim._util.extras import needing
from clemsim.cli.common import one_line

Decoding = Literal["plain", "constrained", "all"]


def analysing() -> ModuleType:
    """The part that needs the extra. Raises UsageError without it."""
    with needing("analysis", "an analysis"):
        from clemsim.cli import analysis_commands  # noqa: PLC0415 (an extra, and slow to load)
    return analysis_commands


def analyze(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Runs, studies, clembench's results.csv or raw.csv, folders of tables."),
    ],
    characteristics: Annotated[
        list[Path] | None, typer.Option(metavar="CSV", help="What is known of the models, one row each; repeat for several.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to put report, tables and figures.")] = Path("analysis"),
    only: Annotated[str, typer.Option(metavar="LETTERS", help="Only these analyses, such as acf.")] = "abcdefghi",
    figures: Annotated[
        str, typer.Option(metavar="KINDS", help="Kinds of figures, with commas; none: the report alone.")
    ] = "svg,png,pdf",
    score: Annotated[
        list[float] | None, typer.Option(help="How many parameters for this clemscore? Repeat for several.")
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="MODEL", help="Whose profile is drawn; the best one's.")] = None,
    games: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Games between models to rate: first, second, score (1, 0, 0.5).")
    ] = None,
    suite: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of runs and studies, only what played this suite.")
    ] = None,
    decoding: Annotated[
        Decoding | None,
        typer.Option(help="Of runs and studies, only what was decoded so; plain, where there are both kinds."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Analyse runs, studies or published tables: the paper's nine analyses (a to i), with intervals and verdicts.

    a size, b size buckets, c base models, d profiles, e families and variants, f quantisation, g access, h latency and
    tokens, i release dates.

    Examples:

      clemsim analyze results.csv --characteristics model_characteristics.csv

      clemsim analyze runs/study --out analysis --figures svg

      clemsim analyze runs/study --decoding constrained

      clemsim analyze runs/20261123-120000-paper runs/20261123-180000-paper --only df --json
    """
    with one_line():
        kinds = [kind.strip() for kind in figures.split(",") if kind.strip() and kind.strip() != "none"]
        analysing().analyse(
            sources, characteristics or [], out, only, kinds, score or [], profile, games, suite, decoding, as_object=json
        )
