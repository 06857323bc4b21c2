"""`clemsim show --follow`: a run as it is recorded, while another process plays it."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic, sleep

import orjson

from clemsim._util.text import plain
from clemsim.cli.common import err, out
from clemsim.cli.view.results import results_of
from clemsim.cli.view.transcripts import brief, heading, passage, unfinished
from clemsim.interop.jsonl import event_json
from clemsim.results.run_summary import summarize_run
from clemsim.runs.replay import chosen
from clemsim.store import reader
from clemsim.store.folder import STORE, is_played
from clemsim.store.following import Following, News

PAUSE = 0.25  # seconds between two looks into the store
SHARE = 9  # pauses are this many times as long as a look, so that it takes a tenth of a core at most
QUIET = 4  # looks without news after which it is asked whether the run is still played


def follow(folder: Path, episode: str | None, *, as_json: bool) -> None:
    """Print what is recorded of a run, or of the episodes that EPISODE names in full, until it ends. Raises StoreError,
    UsageError, and KeyboardInterrupt at Ctrl-C, which leaves the run as it is.
    """
    with reader.reading(folder / STORE) as base:
        rows = chosen(list(reader.episodes(base)), episode)
    following = Following(folder, None if episode is None else {row.id for row in rows})
    told = _Json() if as_json else _Brief() if episode is None else _Full()
    if not as_json:
        ends = "its end" if episode is None else "the end of the episode"
        err.print(plain(f"following {folder} to {ends} (Ctrl-C ends the view, not the run)", "dim"), soft_wrap=True)
    quiet = 0
    while True:
        begun = monotonic()
        news = following.news()
        for each in news:
            told.tell(each)
        quiet = 0 if news else quiet + 1
        if following.ended == following.total or (quiet >= QUIET and not is_played(folder)):
            break
        sleep(max(PAUSE, SHARE * (monotonic() - begun)))
    if not as_json:
        _say_end(folder, following, whole=episode is None)


def _say_end(folder: Path, following: Following, *, whole: bool) -> None:
    if whole:
        out.print(results_of(summarize_run(folder)))
    if following.ended < following.total:
        text = f"nobody plays {folder} now; {following.ended} of {following.total} episodes have ended; go on with:"
        err.print(plain(f"{text} clemsim resume {folder}", "yellow"), soft_wrap=True)


class _Brief:
    """A line for each reply."""

    def tell(self, news: News) -> None:
        for event in news.events:
            if (line := brief(news.key, event)) is not None:
                out.print(line, soft_wrap=True)
        if news.unfinished:
            out.print(plain(f"{news.key.label} · {news.key.cast}  ") + unfinished(news.unfinished), soft_wrap=True)


class _Full:
    """All that happens, with a heading wherever another episode goes on."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._styles: dict[int, dict[str, str]] = {}

    def tell(self, news: News) -> None:
        if news.episode != self._last:
            out.print(heading(news.key))
        self._last = news.episode
        for part in passage(news.events, news.costs, self._styles.setdefault(news.episode, {})):
            out.print(part)
        if news.unfinished:
            out.print(unfinished(news.unfinished))


class _Json:
    """A JSON object for each event, on a line of its own."""

    def tell(self, news: News) -> None:
        about = {"episode": news.episode, "label": news.key.label, "agent": news.key.cast}
        rows = [{**about, "event": event_json(event)} for event in news.events]
        rows += [{**about, "unfinished": news.unfinished}] if news.unfinished else []
        for row in rows:
            sys.stdout.write(f"{orjson.dumps(row).decode()}\n")
        sys.stdout.flush()
