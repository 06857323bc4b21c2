"""The leaderboard of a study, and why its episodes ended: what `clemsim show` does with a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from clemsim._util.text import plain
from clemsim.cli.common import out, print_json
from clemsim.cli.episode_lists import OPTIONS, ListPlace
from clemsim.cli.view.endings import endings_table
from clemsim.cli.view.studies import standings_table
from clemsim.errors import UsageError
from clemsim.results.episode_index.endings import Ending, endings_of_store
from clemsim.results.run_summary import summarize_run
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.study_index import indexed_runs
from clemsim.study.standings import standings

FILTERS = ("agent", "arena", "sort")  # that a study has too


def show_study(folder: Path, given: Mapping[str, str], place: ListPlace, *, endings: bool, as_json: bool) -> None:
    """Print the leaderboard, or why the episodes of all runs ended. Raises UsageError and StoreError."""
    runs = indexed_runs(folder)
    if other := [name for name, value in given.items() if value and name not in FILTERS]:
        example = next(iter(runs.values()), folder)
        raise UsageError(
            f"--{OPTIONS.get(other[0], other[0])} lists episodes of one run: name it, such as clemsim show {example}"
        )
    if endings:
        _show_endings(folder, runs, given, place, as_json=as_json)
        return
    sort = given["sort"]
    summaries = {model: summarize_run(run) for model, run in runs.items()}
    order = {"sort": sort.removeprefix("-"), "descending": sort.startswith("-") if sort else None}
    rows = standings(summaries, agent=given["agent"], arena=given["arena"], **order)  # type: ignore[arg-type]
    shown = rows[place.offset : place.offset + place.limit]
    if as_json:
        agents = {name: scores for each in summaries.values() for name, scores in each.as_json()["agents"].items()}
        about = {"study": str(folder), "runs": {model: str(run) for model, run in runs.items()}, "agents": agents}
        print_json({**about, "leaderboard": [asdict(row) for row in shown]})
        return
    what = f" in {given['arena']}" if given["arena"] else ""
    count = f"{len(rows)} models" if len(shown) == len(rows) else f"{len(shown)} of {len(rows)} models"
    out.print(standings_table(shown, f"{count}{what}"))
    if runs:
        out.print(plain(f"a model: clemsim show {next(iter(runs.values()))}", "dim"), soft_wrap=True)
    out.print(plain(f"why episodes ended: clemsim show {folder} --endings", "dim"), soft_wrap=True)


def _show_endings(
    folder: Path, runs: Mapping[str, Path], given: Mapping[str, str], place: ListPlace, *, as_json: bool
) -> None:
    if given["sort"]:
        raise UsageError("--endings are sorted by how many there are: leave out --sort")
    found: list[Ending] = []
    for run in runs.values():
        with reader.reading(run / STORE) as base, reader.decoding(run / STORE):
            found += endings_of_store(base)
    chosen = [own for own in found if given["agent"] in ("", own.agent) and given["arena"] in ("", own.arena)]
    chosen.sort(key=lambda own: -own.count)
    if as_json:
        print_json({"study": str(folder), "endings": [asdict(own) for own in chosen]})
        return
    out.print(endings_table(chosen, place.offset, place.limit))
