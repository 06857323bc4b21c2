"""`clemsim new`: packages to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.catalog.new_package import make_package
from clemsim.cli.common import one_line, out, print_json
from clemsim.cli.options import JsonOption

app = typer.Typer(help="Begin a package of your own: a game, or an agent.", no_args_is_help=False)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Its name, which is that of the package too.")]
FolderOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="The new folder; NAME unless given.")]


@app.command()
def arena(name: NameArgument, folder: FolderOption = None, json: JsonOption = False) -> None:
    """Make the package of a new game: rules, prompts, generator, instances, baseline, suite and tests, which pass at once.

    Example: clemsim new arena mygame && cd mygame && pip install -e '.[dev]' && python -m pytest
    """
    _make("arena", name, folder, as_json=json)


@app.command()
def agent(name: NameArgument, folder: FolderOption = None, json: JsonOption = False) -> None:
    """Make the package of a new agent, with its tests, which pass at once.

    Example: clemsim new agent myagent && cd myagent && pip install -e '.[dev]' && python -m pytest
    """
    _make("agent", name, folder, as_json=json)


def _make(kind: str, name: str, folder: Path | None, *, as_json: bool) -> None:
    with one_line():
        place = folder or Path(name)
        files = make_package(kind, name, place)
        if as_json:
            print_json({"folder": str(place), "files": [str(file) for file in files]})
            return
        for file in files:
            out.print(plain(f"  {place / file}"), soft_wrap=True)
        out.print(
            plain(f"next: cd {place} && pip install -e '.[dev]' && python -m pytest, then read README.md"), soft_wrap=True
        )
