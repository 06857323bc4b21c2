"""`clemsim show --follow`: a run as it is recorded, while another process plays it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson

from clemsim._util.text import plain
from clemsim.cli.common import err, out
from clemsim.cli.view.results import results_of
from clemsim.cli.view.transcripts import brief, ending, heading, passage, unfinished
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.interop.jsonl import event_json
from clemsim.results.dialogue.model import Dialogue, Telling
from clemsim.results.dialogue.read import dialogue_of
from clemsim.results.dialogue.steps import complete_steps
from clemsim.results.run_summary import summarize_run
from clemsim.runs.replay import chosen
from clemsim.store import reader
from clemsim.store.folder import STORE, is_played
from clemsim.store.following import Following, News

PAUSE = 0.25  # seconds between two looks into the store
SHARE = 9  # pauses are this many times as long as a look, so that it takes a tenth of a core at most
QUIET = 4  # looks without news after which it is asked whether the run is still played


def follow(folder: Path, episode: str | None, *, reasoning: bool, as_json: bool) -> None:
    """Print what is recorded of a run, or of the episodes that EPISODE names in full, until it ends. Raises StoreError,
    UsageError, and KeyboardInterrupt at Ctrl-C, which leaves the run as it is.
    """
    with reader.reading(folder / STORE) as base:
        rows = chosen(list(reader.episodes(base)), episode)
    following = Following(folder, None if episode is None else {row.id for row in rows})
    told = _Json() if as_json else _Brief() if episode is None else _Full(reasoning=reasoning)
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
            told.end()
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

    def end(self) -> None:
        """Nothing is held back."""


class _Full:
    """All that happens, each turn once its reply was judged, with a heading wherever another episode goes on."""

    def __init__(self, *, reasoning: bool) -> None:
        self._reasoning = reasoning
        self._last: int | None = None
        self._told: dict[int, _Told] = {}

    def tell(self, news: News) -> None:
        told = self._told.setdefault(news.episode, _Told(news.key))
        told.events += news.events
        told.costs |= news.costs
        dialogue = dialogue_of(news.key, told.events, costs=told.costs)
        over = dialogue.outcome is not None or bool(news.unfinished)
        self._print(news.episode, told, dialogue, over=over)
        if dialogue.outcome is not None:
            for line in ending(dialogue.outcome):
                out.print(line)
        elif news.unfinished:
            out.print(unfinished(news.unfinished))

    def end(self) -> None:
        """Print what was held back of episodes that have not ended."""
        for number, told in self._told.items():
            self._print(number, told, dialogue_of(told.key, told.events, costs=told.costs), over=True)

    def _print(self, number: int, told: _Told, dialogue: Dialogue, *, over: bool) -> None:
        lasting = [step for step in dialogue.steps if not isinstance(step, Telling)][told.printed :]
        ready = lasting if over else complete_steps(lasting)
        told.printed += len(ready)
        if over:
            ready = [*ready, *(step for step in dialogue.steps if isinstance(step, Telling))]
        if ready and number != self._last:
            out.print(heading(told.key))
            self._last = number
        for part in passage(ready, told.styles, reasoning=self._reasoning):
            out.print(part)


@dataclass
class _Told:
    """What is known of an episode, and how many of its steps were printed."""

    key: EpisodeKey
    events: list[Event] = field(default_factory=list)
    costs: dict[int, dict[str, Any]] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    printed: int = 0


class _Json:
    """A JSON object for each event, on a line of its own."""

    def tell(self, news: News) -> None:
        about = {"episode": news.episode, "label": news.key.label, "agent": news.key.cast}
        rows = [{**about, "event": event_json(event)} for event in news.events]
        rows += [{**about, "unfinished": news.unfinished}] if news.unfinished else []
        for row in rows:
            sys.stdout.write(f"{orjson.dumps(row).decode()}\n")
        sys.stdout.flush()

    def end(self) -> None:
        """Nothing is held back."""
