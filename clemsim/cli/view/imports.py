"""What an import shows: its progress, the agreement of each game, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from time import monotonic
from typing import Any

from rich.console import Console

from clemsim._util.text import plain
from clemsim.cli.view.results import results_of
from clemsim.cli.view.studies import standings_table
from clemsim.cli.view.tables import ruled_table
from clemsim.interop.clembench.agreement import ImportedGame
from clemsim.interop.clembench.importing import Imported, ImportProgress, Watch
from clemsim.results.run_summary import summarize_run
from clemsim.study.standings import standings

NOTES = 5  # of a game; the most that are printed
EVERY = {True: 0.2, False: 10.0}  # seconds between two lines of progress, by whether they go to a terminal


@contextmanager
def import_progress(console: Console) -> Iterator[Watch]:
    """Yield a watch that shows how far an import is: one line that changes, on a terminal, else a line now and then."""
    last = begun = monotonic()

    def show(progress: ImportProgress) -> None:
        nonlocal last
        now = monotonic()
        if now - last < EVERY[console.is_terminal]:
            return
        last = now
        where = f"model {progress.number} of {progress.models}, {progress.model}"
        line = f"{progress.done}/{progress.episodes} episodes, {now - begun:.0f} s: {where}"
        console.print(plain(line, "", 120), soft_wrap=True, end="\r" if console.is_terminal else "\n")

    yield show
    if console.is_terminal:
        console.print(" " * min(130, console.width - 1), end="\r")


def import_json(imported: Imported) -> dict[str, Any]:
    """Return what was imported as JSON: the run, or the study and its runs, and the agreement by game."""
    games = {name: _as_json(game) for name, game in imported.games.items()}
    runs = {model: str(run) for model, run in imported.runs.items()}
    if imported.is_study:
        return {"study": str(imported.folder), "runs": runs, "arenas": games}
    return {"run": str(imported.folder), "arenas": games}


def _as_json(game: ImportedGame) -> dict[str, Any]:
    values = {each.name: getattr(game, each.name) for each in fields(game)}
    return {name: dict(value) if isinstance(value, Counter) else value for name, value in values.items()}


def show_import(console: Console, imported: Imported) -> None:
    """Print the results, the agreement of each game, what differs, and what is missing."""
    if imported.is_study:
        rows = standings({model: summarize_run(run) for model, run in imported.runs.items()})
        console.print(standings_table(rows, f"{len(rows)} models"))
    else:
        console.print(results_of(summarize_run(imported.folder)))
    table = ruled_table("driven again")
    for name in (
        "game",
        "episodes",
        "driven",
        "outcome, main score",
        "every metric",
        "scores of rounds",
        "rules",
        "without scores",
    ):
        table.add_column(name, justify="left" if name == "game" else "right", overflow="fold")
    for name, game in imported.games.items():
        table.add_row(plain(name), *map(plain, _cells(game)))
    console.print(table)
    for name, game in imported.games.items():
        for line in _lines(name, game):
            console.print(plain(line, "yellow" if line.startswith(" ") else "", 400), soft_wrap=True)
    kind, command = ("study", "analyze") if imported.is_study else ("run", "show")
    text = f"{kind}: {imported.folder}   (read it: clemsim {command} {imported.folder})"
    console.print(plain(text), soft_wrap=True)


def _cells(game: ImportedGame) -> list[str]:
    compared = game.driven - game.scored
    shares = [
        f"{count} of {compared}" if game.driven else "–" for count in (game.agree, game.metrics_agree, game.rounds_agree)
    ]
    unscored = game.scored + game.unscored
    return [
        str(game.episodes),
        str(game.driven),
        *shares,
        ", ".join(game.rules) or "–",
        f"{unscored} ({game.scored} driven)" if unscored else "0",
    ]


def _lines(name: str, game: ImportedGame) -> Iterator[str]:
    if not (game.notes or game.disagreements or game.missing):
        return
    yield f"{name}: {_counted(game.disagreements, 'differ') or 'nothing differs'}" + (
        f"; missing: {_counted(game.missing)}" if game.missing else ""
    )
    yield from (f"  {note}" for note in game.notes[:NOTES])
    if (more := len(game.notes) - NOTES + game.more_notes) > 0:
        yield f"  and {more} more"


def _counted(counts: Mapping[str, int], verb: str = "") -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} {verb + ' in ' if verb else ''}{kind}" for kind, count in ordered)
