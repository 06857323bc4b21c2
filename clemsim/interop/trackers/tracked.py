"""What is told of an agent of a run to a tracker, whichever it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from clemsim._util.files import dump_json
from clemsim.errors import UsageError
from clemsim.results.intervals import Interval
from clemsim.results.run_html import summary_html
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.results.summary import ArenaSummary, ScoreSummary
from clemsim.store.description import RunDescription, flat_settings, without_none
from clemsim.store.folder import CONFIG, SUMMARY, read_description

OVERALL = ("clemscore", "played", "quality", "worth")
OF_GAMES = ("played", "quality", "worth")
COUNTS = ("episodes", "success", "failure", "aborted", "unfinished")
OTHER = re.compile(r"[^\w\-. /]", re.ASCII)  # characters that names in trackers cannot have
LONGEST = 240  # characters of a name
PAGE = "scores.html"


@dataclass(frozen=True, slots=True)
class Tracked:
    """An agent of a run. `identity` is the same whenever the run is exported; `files`: by name, what is kept beside."""

    name: str
    identity: str
    group: str
    settings: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]


def tracked_agents(folder: Path) -> list[Tracked]:
    """Return what is told of each agent (each cast) of a run.

    Metrics are in points: `clemscore`, `taboo/played`, ..., with their 95 % intervals as `..._low` and `..._high`, and
    counts of episodes; of games that are scored by seat, `connect_four/AGENT/score` and what was won. Raises StoreError,
    and UsageError where no episode has ended.
    """
    summary, description = summarize_run(folder), read_description(folder)
    if summary.episodes == summary.unfinished:
        raise UsageError(f"{folder} has no finished episode: there are no results to track")
    table = f"<!doctype html><meta charset=utf-8><title>clemsim</title>{summary_html(summary)}"
    files = {
        SUMMARY: dump_json(summary.as_json()),
        CONFIG: (folder / CONFIG).read_bytes(),
        PAGE: table.encode(),
    }
    return [_tracked(folder, description, summary, cast, files) for cast in summary.agents]


def _tracked(
    folder: Path, description: RunDescription, summary: RunSummary, cast: str, files: Mapping[str, bytes]
) -> Tracked:
    about = description.agents.get(cast, {})
    tags = {
        "clemsim.run": folder.name,
        "clemsim.suite": description.suite.name,
        "clemsim.agent": cast,
        "clemsim.model": str(about.get("model") or cast),
        "clemsim.version": description.made.clemsim or "",
        "clemsim.stopped_when": summary.stopped_when or "",
    }
    players = {cast, *(part.partition("=")[2] for part in cast.split(","))}
    own = {name: about for name, about in description.agents.items() if name in players}
    return Tracked(
        name=f"{folder.name} {cast}",
        identity=sha256(f"{folder.name}/{description.made.started}/{cast}".encode()).hexdigest()[:24],
        group=folder.name,
        settings=_settings(description, own),
        metrics={**dict(_metrics(summary.agents[cast])), **dict(_by_seat(summary, players))},
        tags={name: value for name, value in tags.items() if value},
        files=files,
    )


def _settings(description: RunDescription, agents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the settings of the run and its agents by dotted names."""
    about = description.model_dump(mode="json", include={"config", "suite", "arenas", "made"})
    return {named(name): value for name, value in flat_settings(without_none({**about, "agents": dict(agents)})).items()}


def _metrics(scores: ScoreSummary) -> Iterator[tuple[str, float]]:
    for name in OVERALL:
        yield from _metric(name, getattr(scores, name), getattr(scores.ci, name))
    yield from (("episodes", float(scores.episodes)), ("unfinished", float(scores.unfinished)))
    for game, own in scores.arenas.items():
        yield from _of_game(named(game), own)


def _of_game(game: str, own: ArenaSummary) -> Iterator[tuple[str, float]]:
    for name in OF_GAMES:
        yield from _metric(f"{game}/{name}", getattr(own, name), getattr(own.ci, name))
    for name in COUNTS:
        yield f"{game}/{name}", float(getattr(own, name))


def _by_seat(summary: RunSummary, players: Collection[str]) -> Iterator[tuple[str, float]]:
    """Yield the scores by seat of the agents of a cast, over all casts of the run, on each game's own scale."""
    for game, agents in (summary.seat_scores or {}).items():
        for agent, own in agents.items():
            if agent in players:
                name = f"{named(game)}/{named(agent)}"
                yield from _metric(f"{name}/score", own.score, own.ci)
                for kind in ("won", "drawn", "lost", "aborted"):
                    yield f"{name}/{kind}", float(getattr(own, kind))


def _metric(name: str, value: float | None, limits: Interval | None) -> Iterator[tuple[str, float]]:
    """Yield a metric with its interval; nothing where it has no value."""
    if value is not None:
        yield name, value
        yield from ((f"{name}_{end}", limit) for end, limit in zip(("low", "high"), limits or (), strict=False))


def named(text: str) -> str:
    """Return a text as a name in a tracker: letters, digits, spaces and - _ . / alone."""
    return OTHER.sub("_", text)[:LONGEST]
