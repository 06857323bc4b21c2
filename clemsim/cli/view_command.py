"""`clemsim view`: runs, studies and stress reports in a browser."""

from __future__ import annotations

import asyncio
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.cli.common import err, one_line, run_async
from clemsim.cli.signals import SIGNALS
from clemsim.viewer.library import Library
from clemsim.viewer.server import serve
from clemsim.viewer.site import Site


def view(
    places: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER|RUN|STUDY|REPORT]...", help="What to show; the folder `runs` unless given."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8427,
    host: Annotated[str, typer.Option(help="Address to listen on; others than 127.0.0.1 let others read.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
) -> None:
    """Show runs, studies and stress reports in a browser, also while they are played.

    Examples:

      clemsim view

      clemsim view runs/20261123-120000-quick --open

      clemsim view runs studies stress --port 0
    """
    with one_line():
        site = Site(Library(places or [Path("runs")]))
        run_async(_serve(site, host, port, browser))


async def _serve(site: Site, host: str, port: int, browser: bool) -> None:
    stopped = asyncio.Event()

    def stop() -> str:
        stopped.set()
        return "the viewer ends"

    def ready(url: str) -> None:
        err.print(plain(f"viewer: {url}   (Ctrl-C stops; without the token, others can read but not act)"), soft_wrap=True)
        if browser:
            webbrowser.open(url)

    SIGNALS.on_stop(stop)
    await serve(site, host, port, ready, stopped)
