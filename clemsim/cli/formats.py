"""`clemsim export`: a run in other formats."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clemsim import exporting
from clemsim.cli.common import fail, one_line
from clemsim.cli.common import out as stdout
from clemsim.view.text import plain


class Format(StrEnum):
    """What a run can be written as."""

    clembench = "clembench"
    jsonl = "jsonl"
    parquet = "parquet"
    trace = "trace"


def export(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    format_: Annotated[Format, typer.Option("--format", help="clembench: its results layout; trace: for load testers.")],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Where to; beside the run unless given.")] = None,
) -> None:
    """Write a run in another format.

    Example: clemsim export runs/20261123-120000-paper --format clembench --out results
    """
    with one_line():
        write, ending, what = exporting.FORMATS[format_.value]
        there = out or folder.with_name(f"{folder.name}{ending}")
        if there.exists() and (not there.is_dir() or any(there.iterdir())):
            fail(f"{there} is there already: choose another --out")
        count = write(folder, there)
        stdout.print(plain(f"{count} {what} in {there}"), soft_wrap=True)
