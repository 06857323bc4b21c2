"""The pages of a report, and what its script must know of the episodes to filter and sort them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clemsim.viewer.library import Entry, Kind
from clemsim.viewer.pages.home import home
from clemsim.viewer.pages.run import run_page
from clemsim.viewer.pages.stress import stress_page
from clemsim.viewer.pages.study import study_page
from clemsim.viewer.report.parts import PartFolder
from clemsim.viewer.site import Site


def general_pages(site: Site, entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Yield the pages that are not of one episode, each after its address below the root."""
    yield "", home(site)
    for entry in entries:
        match entry.kind:
            case Kind.run:
                yield _path(site, site.links.run(entry.slug)), run_page(site, entry.slug)
            case Kind.study:
                yield _path(site, site.links.study(entry.slug)), study_page(site, entry.slug)
            case Kind.stress:
                yield _path(site, site.links.stress(entry.slug)), stress_page(site, entry.slug)


def run_contents(site: Site, entry: Entry, parts: PartFolder, on_progress: Callable[[int], None]) -> dict[str, Any]:
    """Write the episodes of a run as parts, and return where they lie."""
    return {"slug": _path(site, site.links.run(entry.slug)).removeprefix("run/")}


def _path(site: Site, address: str) -> str:
    return address.removeprefix(site.links.root)
