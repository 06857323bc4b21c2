"""`clemsim report`: runs, studies and stress tests as pages to send, which open without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console

from clemsim._util.text import plain
from clemsim.cli.common import err, one_line, print_json
from clemsim.cli.common import out as stdout
from clemsim.cli.options import JsonOption
from clemsim.viewer.report.writing import LIMIT, Progress, WrittenReport, write_report

MB = 2**20
EVERY = {True: 0.2, False: 10.0}  # seconds between two lines of progress, by whether they go to a terminal


def report(
    places: Annotated[list[Path], typer.Argument(metavar="RUN|STUDY|REPORT...", help="What to show.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html|FOLDER", help="Where to; a file beside the first run unless given."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, metavar="MB", help="The largest file; what is larger becomes a folder.")
    ] = LIMIT // MB,
    as_json: JsonOption = False,
) -> None:
    """Write runs, studies and stress tests as one file that opens in any browser, without a server and a network.

    It holds every page of `clemsim view` with all dialogues, their filters and the search; also as a folder of files.

    Examples:

      clemsim report runs/20261123-120000-paper

      clemsim report runs/20261123-120000-paper runs/20261124-090000-paper --out two.html

      clemsim report studies/sizes --out sizes/
    """
    with one_line():
        written = write_and_show(places, out or usual_place(places[0]), limit * MB)
        if as_json:
            print_json({"report": str(written.page), "bytes": written.size, "episodes": written.episodes})
        else:
            stdout.print(plain(told(written)), soft_wrap=True)


def usual_place(folder: Path) -> Path:
    """Return the file beside a run that is written unless another is named."""
    named = folder.absolute()
    return folder.with_name(f"{folder.name}.html") if folder.name else named.with_name(f"{named.name}.html")


def write_and_show(places: list[Path], out: Path, limit: int = LIMIT) -> WrittenReport:
    """Write a report and show how far it is. Raises UsageError and StoreError."""
    with report_progress(err) as progress:
        return write_report(places, out, limit, progress)


def told(written: WrittenReport) -> str:
    """Return one line about a report that was written."""
    size = f"{written.size / MB:.1f} MB"
    larger = f", a folder, for in one file it is larger than --limit ({written.asked_for})" if written.asked_for else ""
    return f"{written.episodes} episodes, {size}: open {written.page} in a browser{larger}"


@contextmanager
def report_progress(console: Console) -> Iterator[Progress]:
    """Yield what shows how far a report is: one line that changes, on a terminal, else a line now and then."""
    last = begun = monotonic()

    def show(done: int, episodes: int) -> None:
        nonlocal last
        now = monotonic()
        if now - last < EVERY[console.is_terminal]:
            return
        last = now
        line = f"{done}/{episodes} episodes, {now - begun:.0f} s"
        console.print(plain(line, "", 120), soft_wrap=True, end="\r" if console.is_terminal else "\n")

    yield show
    if console.is_terminal:
        console.print(" " * min(130, console.width - 1), end="\r")
