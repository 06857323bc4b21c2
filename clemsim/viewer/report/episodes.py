"""The pages of the episodes of a run in a report, as parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.viewer.library import Entry
from clemsim.viewer.pages.episode import SAW, episode_page
from clemsim.viewer.pages.episodes import PAGE, episodes_page
from clemsim.viewer.report.facts import columns_of, texts_of
from clemsim.viewer.report.parts import PartFolder
from clemsim.viewer.site import Site

SEEN = re.compile(rf'href="[^"?]*\?{SAW}=([^"&#]*)"')
EPISODES, LARGE = 20, 2**20  # episodes of a part, and the characters beyond which it gets no more


def run_contents(site: Site, entry: Entry, parts: PartFolder, on_progress: Callable[[int], None]) -> dict[str, Any]:
    """Write the episodes of a run as parts, and return where they lie."""
    index = site.indexes.of(entry.folder, wait=True).index
    facts = columns_of(index)
    count = len(facts["id"])
    facts["part"] = list(_written_episodes(site, entry.slug, entry.folder / STORE, facts["id"], parts, on_progress))
    pages = [
        parts.add({"page": episodes_page(site, entry.slug, {"page": str(number)} if number > 1 else {})})
        for number in range(1, max(1, ceil(count / PAGE)) + 1)
    ]
    slug = site.links.run(entry.slug).removeprefix(site.links.root).removeprefix("run/")
    return {"slug": slug, "facts": parts.add(facts), "pages": pages, "at_once": PAGE}


def _written_episodes(
    site: Site, slug: str, store: Path, episodes: Sequence[int], parts: PartFolder, on_progress: Callable[[int], None]
) -> Iterator[int]:
    """Write the pages of episodes with their texts, several to a part. Yield the part of each."""
    gathered: dict[int, dict[str, Any]] = {}
    size = 0
    with reader.reading(store) as base:
        for done, number in enumerate(episodes, 1):
            page, saw = _episode_pages(site, slug, number)
            gathered[number] = {"page": page, "saw": saw, **texts_of(base, number)}
            size += len(page) + sum(map(len, saw.values()))
            if len(gathered) == EPISODES or size > LARGE or done == len(episodes):
                yield from [parts.add(gathered)] * len(gathered)
                gathered, size = {}, 0
            on_progress(done)


def _episode_pages(site: Site, slug: str, number: int) -> tuple[str, dict[str, str]]:
    """Return the page of an episode, and those of what each seat saw of it, to which it leads."""
    page = episode_page(site, slug, number, {})
    seats = {unquote_plus(unescape(found)) for found in SEEN.findall(page)}
    return page, {seat: episode_page(site, slug, number, {SAW: seat}) for seat in sorted(seats)}
