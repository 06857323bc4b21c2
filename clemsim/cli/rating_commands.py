"""The work of `clemsim ratings`. Imported late, as the libraries of the extra are slow to load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clemsim._util.files import check_new
from clemsim._util.text import plain
from clemsim.analysis.crossplay import analyze_crossplay, freeze
from clemsim.analysis.sources.crossplay import read_crossplay
from clemsim.analysis.writing.files import NUMBERS, REPORT, as_json, write
from clemsim.catalog.population import write_population
from clemsim.cli.common import err, out, print_json
from clemsim.cli.view.analyses import report


def run_ratings(
    sources: Sequence[Path],
    folder: Path,
    figures: Sequence[str],
    suite: str | None,
    population: Path | None,
    *,
    forfeits: bool,
    as_object: bool,
) -> None:
    """Read the sources, analyse them, write the folder, and print the result. Raises ClemsimError."""
    if not (folder / NUMBERS).is_file():
        check_new(folder, "and is no analysis")
    if population:
        check_new(population)
    play = read_crossplay(sources, suite)
    analyses = analyze_crossplay(play, forfeits=forfeits)
    if population:
        write_population(population, freeze(play, population.stem, forfeits=forfeits))
    title = f"Who plays better, and with whom? {', '.join(play.games)}"
    write(analyses, play.notes, title, folder, figures, _tell)
    if as_object:
        print_json({"report": str(folder / REPORT), **as_json(analyses, play.notes)})
        return
    for part in report(analyses, play.notes):
        out.print(part)
    if population:
        out.print(
            plain(f"\npopulation: {population}   (play against it: clemsim run --against {population})"), soft_wrap=True
        )
    out.print(plain(f"\nreport: {folder / REPORT}   (tables and figures beside it)"), soft_wrap=True)


def _tell(text: str) -> None:
    err.print(plain(text, "dim"), soft_wrap=True)
