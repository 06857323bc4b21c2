"""Writes a report: page by page into parts, which then become one file, or a folder where they are too large for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from clemsim._util.files import check_new, new_file, new_folder, writing_file
from clemsim.errors import UsageError
from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.viewer.library import Kind, Library
from clemsim.viewer.report.episodes import run_contents
from clemsim.viewer.report.general import ROOT, ReportLinks, general_pages
from clemsim.viewer.report.parts import PartFolder
from clemsim.viewer.report.settled import SettledIndexes
from clemsim.viewer.site import Site

SCRIPTS = ("viewer.js", "report_table.js", "report.js")
ENDINGS = (".html", ".htm")  # of a report that is one file
LIMIT = 50 * 2**20  # bytes of one file, of which browsers hold all in memory
PARTS, FIRST = "data", "index.html"  # in the folder of a report
PARTS_HERE = "<!-- parts -->"
MOST = 100  # folders beside each other of which one must be free

Progress = Callable[[int, int], None]  # episodes that are written, and all


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written: the page that is opened, its bytes in all, and how many episodes it shows. `asked_for`: the
    place that was named, where the report became too large for one file.
    """

    page: Path
    size: int
    episodes: int
    asked_for: Path | None = None


def write_report(
    places: Sequence[Path], out: Path, limit: int = LIMIT, on_progress: Progress = lambda done, all_: None
) -> WrittenReport:
    """Write the runs, studies and reports of stress tests in `places` to `out`, which is new: one file where its name ends
    in .html and it has at most `limit` bytes, else a folder. Raises UsageError and StoreError.
    """
    check_new(out)
    with writing_file(out, UsageError):
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
    site = Site(Library(places), ReportLinks(ROOT), inline=True, indexes=SettledIndexes())
    with closing(site.indexes), TemporaryDirectory(prefix="clemsim-report-") as spool:
        parts = PartFolder(Path(spool))
        index, episodes = _write_parts(site, parts, on_progress)
        shell = _shell(index, loads=False)
        if out.suffix.lower() in ENDINGS and len(shell) + parts.size <= limit:
            size = _write_file(out, shell, parts)
            return WrittenReport(out, size, episodes)
        folder, size = _write_folder(out, _shell(index, loads=True), parts)
        return WrittenReport(folder / FIRST, size, episodes, out if folder != out else None)


def _write_parts(site: Site, parts: PartFolder, on_progress: Progress) -> tuple[int, int]:
    """Write all parts, and return the number of the one that tells what lies where, and how many episodes there are."""
    entries = site.library.entries()
    if not entries:
        raise UsageError(f"there is no run, study or stress test in {', '.join(map(str, site.library.places))}")
    runs = [entry for entry in entries if entry.kind is Kind.run]
    total = sum(site.library.card(entry).episodes for entry in runs)
    pages, contents, done = {}, [], 0
    for key, text in general_pages(site, entries):
        pages[key] = parts.add({"page": text})
        on_progress(0, total)
    for entry in runs:
        contents.append(run_contents(site, entry, parts, _further(on_progress, done, total)))
        done += site.library.card(entry).episodes
    start = site.links.run(runs[0].slug) if len(entries) == 1 and runs else ROOT
    return parts.add({"start": start, "pages": pages, "runs": contents}), done


def _further(on_progress: Progress, before: int, total: int) -> Callable[[int], None]:
    """Return what tells how far all is, by how far one run is."""
    return lambda done: on_progress(before + done, total)


def _shell(index: int, *, loads: bool) -> str:
    frame = Frame("Report", inline=True, home=ROOT, scripts=SCRIPTS, loads=loads)
    return render("report.html", frame=frame, index=index)


def _write_file(out: Path, shell: str, parts: PartFolder) -> int:
    before, after = shell.split(PARTS_HERE)
    with new_file(out, UsageError) as draft, draft.path.open("wb") as file:
        file.write(before.encode())
        parts.write_into(file)
        file.write(after.encode())
        return file.tell()


def _write_folder(out: Path, shell: str, parts: PartFolder) -> tuple[Path, int]:
    with new_folder(*_folders(out), error=UsageError) as draft:
        copytree(parts.folder, draft.path / PARTS)
        (draft.path / FIRST).write_text(shell.replace(PARTS_HERE, ""), encoding="utf-8")
    return draft.place, parts.size + len(shell)


def _folders(out: Path) -> Iterator[Path]:
    """Yield the places of a folder: the one that was named, or those beside a file that was."""
    if out.suffix.lower() not in ENDINGS:
        yield out
        return
    for number in range(1, MOST):
        yield out.with_name(f"{out.stem}-report{'' if number == 1 else f'-{number}'}")
