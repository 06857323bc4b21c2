"""Lists of episodes of a run that a filter lets through, and why they ended: what `clemsim show` does with its filters."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clemsim._util.text import plain
from clemsim.cli.common import err, out, print_json
from clemsim.cli.view.endings import endings_table
from clemsim.cli.view.episodes import episodes_table
from clemsim.errors import UsageError
from clemsim.results.episode_index.endings import Ending
from clemsim.results.episode_index.episode_facts import EpisodeFacts
from clemsim.results.episode_index.episode_filter import KEYS, EpisodeFilter
from clemsim.results.episode_index.index import EpisodeIndex

SMALL = 5000  # episodes of a run whose texts are always read; of a larger one only where they are asked for
OPTIONS = {"text": "grep"}  # options that are not called as in an address


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Which part of a list is shown."""

    offset: int
    limit: int

    @classmethod
    def of(cls, limit: int, offset: int | None, page: int | None) -> ListPlace:
        """Return what the options say; pages count from 1. Raises UsageError where they do not go together."""
        if offset is not None and page is not None:
            raise UsageError("--offset and --page both say where to begin: give one of them")
        return cls((page - 1) * limit if page else offset or 0, limit)


def options_filter(given: Mapping[str, str]) -> EpisodeFilter:
    """Return the filter of the options of a command, by the keys of an address. Raises UsageError that names an option."""
    try:
        return EpisodeFilter.from_query(given)
    except UsageError as error:
        key, _, rest = str(error).partition(" ")
        raise UsageError(f"--{OPTIONS.get(key, key)} {rest}" if key in KEYS else str(error)) from error


def list_episodes(folder: Path, filter_: EpisodeFilter, place: ListPlace, *, as_json: bool) -> None:
    """Print a part of the list. Raises UsageError and StoreError."""
    with EpisodeIndex(folder) as index:
        _read(index, filter_)
        count, rows = index.count(filter_), index.page(filter_, place.offset, place.limit)
        total = index.count()
    if as_json:
        about = {"run": str(folder), "filter": filter_.to_query(), "count": count, "offset": place.offset}
        print_json({**about, "episodes": [_as_json(row) for row in rows]})
        return
    if not rows:
        beyond = f"all {count} come before: lower --offset or --page, or give a --limit"
        out.print(plain(beyond if count else f"no episode of {total} is like that"))
        return
    title = f"{place.offset + 1} to {place.offset + len(rows)} of {count} episodes"
    out.print(episodes_table(rows, title, filter_.sort))
    if place.offset + len(rows) < count:
        on = f"--limit {place.limit} --offset {place.offset + len(rows)}"
        out.print(plain(f"more: clemsim show {folder} {words(filter_)} {on}", "dim"), soft_wrap=True)
    out.print(plain(f"one of them: clemsim show {folder} {rows[0].id}", "dim"), soft_wrap=True)


def list_endings(folder: Path, filter_: EpisodeFilter, place: ListPlace, *, as_json: bool) -> None:
    """Print why episodes ended as they did. Raises UsageError and StoreError."""
    with EpisodeIndex(folder) as index:
        _read(index, filter_)
        found = index.endings(filter_)
    if as_json:
        rows = [{**asdict(own), "filter": own.within(filter_).to_query()} for own in found]
        print_json({"run": str(folder), "filter": filter_.to_query(), "endings": rows})
        return
    out.print(endings_table(found, place.offset, place.limit))
    told = next((own for own in found if own.outcome == "aborted"), found[0] if found else None)
    if told:
        out.print(plain(f"episodes of one: clemsim show {folder} {words(_plainly(told))}", "dim"), soft_wrap=True)


def _plainly(ending: Ending) -> EpisodeFilter:
    """Return the filter of an ending as somebody would type it."""
    return EpisodeFilter(
        agent=ending.agent,
        arena=ending.arena,
        outcome=ending.outcome,
        status=ending.within().status,
        blame=ending.blame,
        reason=ending.reason,
    )


def _read(index: EpisodeIndex, filter_: EpisodeFilter) -> None:
    """Bring the index up to date, as far as the filter needs it, and check that what it names is there."""
    with err.status("reading the run") as status:
        index.sync(texts=False)
        index.check(filter_)
        if index.state().episodes <= SMALL or needs_texts(filter_):
            index.sync(lambda done, all_: status.update(f"reading what was said: {done} of {all_} episodes"))


def needs_texts(filter_: EpisodeFilter) -> bool:
    """Return whether a filter asks for what is known only once the texts are read."""
    return bool(filter_.text) or "re-asked" in filter_.flags or filter_.sort in ("rejected", "flags")


def words(filter_: EpisodeFilter) -> str:
    """Return a filter as the options of a command."""
    given = filter_.to_query()
    pairs = [(key, value) for key, value in given.items() if key != "flag"]
    pairs += [("flag", flag) for flag in filter_.flags]
    return " ".join(f"--{OPTIONS.get(key, key)}={_quoted(value)}" for key, value in pairs)


def _quoted(text: str) -> str:
    """Return a text as a shell reads it, with double quotes around single ones where that will do."""
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)


def _as_json(row: EpisodeFacts) -> dict[str, Any]:
    return {"episode": row.id, "label": row.label, **{key: value for key, value in asdict(row).items() if key != "id"}}
