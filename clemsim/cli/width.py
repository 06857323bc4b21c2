"""`clemsim width`: change the width of a run that goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from clemsim.cli import options
from clemsim.cli.common import one_line
from clemsim.runs.width_control import request_width


def width(
    folder: options.RunArgument, turns: Annotated[str, typer.Argument(metavar="WIDTH", help="A number, or auto.")]
) -> None:
    """Change how many turns of each agent are in flight, while a run goes on in another process.

    Example: clemsim width runs/20261123-120000-quick 32
    """
    with one_line():
        request_width(folder, turns)
        typer.echo(f"width {turns}: {folder} takes it up within a second")
