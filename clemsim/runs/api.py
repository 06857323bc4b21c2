"""Runs for Python: play one, resume it, open it; in a script or a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clemsim.engines.connect import NetworkOptions
from clemsim.errors import UsageError
from clemsim.game.instances import Instance
from clemsim.game.transcript import Transcript
from clemsim.results.dialogue.notebook import EpisodeView
from clemsim.results.dialogue.read import read_dialogue
from clemsim.results.frames import RunTables
from clemsim.results.run_html import summary_html
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.runs import run as runs
from clemsim.runs.prepare import recorded_arenas
from clemsim.runs.references import with_population
from clemsim.runs.replay import chosen
from clemsim.runs.session import Watch
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.limits import Limits
from clemsim.store import reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE, read_config, read_description


class Run(RunTables):
    """A run on disk: its summary, its tables (`pandas`, `polars`, `arrow`) and its transcripts. Notebooks show it."""

    @cached_property
    def summary(self) -> RunSummary:
        """Scores with intervals, and how the run went, made from the store when it is first used."""
        return summarize_run(self.folder)

    @cached_property
    def config(self) -> RunConfig:
        """What the run plays. Raises StoreError."""
        return read_config(self.folder)

    def transcript(self, episode: int | str, *, trust: bool = False) -> Transcript[Any]:
        """Return the transcript of an episode, named by its number (from 1) or its label, such as `taboo/high_en/0`.

        `trust`: load whatever code the run names, also what the user has not run before. Raises UsageError naming what there
        is, and StoreError. The instances of an imported run are plain ones.
        """
        with reader.reading(self.folder / STORE) as base:
            row = chosen(list(reader.episodes(base)), str(episode))[0]
            events = tuple(reader.events(base, row.id))
        if self.config.imported:
            name, _, number = row.key.instance.rpartition("/")
            return Transcript(row.key, Instance(experiment=name, id=int(number) if number.isdecimal() else 0), events)
        return Transcript(row.key, row.of(recorded_arenas(self.folder, trust=trust)).load(row.data), events)

    def episode(self, episode: int | str) -> EpisodeView:
        """Return an episode, named as for `transcript`, with its dialogue; a notebook shows it. Raises UsageError naming
        what there is, and StoreError.
        """
        with reader.reading(self.folder / STORE) as base:
            row = chosen(list(reader.episodes(base)), str(episode))[0]
            return EpisodeView(read_dialogue(base, row, read_description(self.folder)), self.image)

    def image(self, digest: str) -> bytes:
        """Return the bytes of a picture that an event of the run names by its digest. Raises StoreError."""
        with reader.reading(self.folder / STORE) as base:
            return reader.image(base, digest)

    def __fspath__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        return summary_html(self.summary)


def open_run(path: str | Path) -> Run:
    """Open a run. Raises StoreError where there is none."""
    folder = Path(path)
    with reader.reading(folder / STORE):
        return Run(folder)


async def run(
    config: RunConfig | None = None,
    *,
    out: str | Path | None = None,
    limits: Limits | None = None,
    workers: WorkerOptions | None = None,
    network: NetworkOptions | None = None,
    watch: Watch | None = None,
    against: str | Path | None = None,
    **fields: Any,
) -> Run:
    """Play a run and return it: `run = await clemsim.run(suite="quick", agents=["baseline"])`.

    `fields` are those of RunConfig, in place of `config` or on top of it; one agent or arena may be a plain string. `out`:
    the folder, a new one under `runs/` unless given. `network`: how servers are reached, with their time limits. `watch` is
    told of the run while it goes on. `pairings="all"`, "round-robin" or "swap": how the agents share the seats of a game;
    `against`: the file of a population, which each of them plays in turn. Raises ClemsimError; the folder then keeps what
    was played, and `resume` goes on with it.
    """
    settled = _config(config or RunConfig(), fields)
    if against:
        settled = with_population(settled, Path(against))
    folder = Path(out) if out else None
    summary = await runs.play(settled, folder, watch, limits, workers=workers, network=network)
    return open_run(summary.run)


async def resume(
    run: Run | str | Path,
    *,
    limits: Limits | None = None,
    workers: WorkerOptions | None = None,
    network: NetworkOptions | None = None,
    watch: Watch | None = None,
    trust: bool = False,
    **changes: int | None,
) -> Run:
    """Play the unfinished episodes of a run, each from its next turn on, and return the run.

    `trust`: load whatever code the run names, also what the user has not run before. `changes`: `width=N`, and
    `stop_when=None` to play what an answered stopping rule left unplayed. Raises UsageError where it would be another run,
    and every other ClemsimError.
    """
    unknown = set(changes) - {"width", "stop_when"}
    if unknown:
        raise UsageError(f"a resumed run can change its width and leave out stop_when, not {', '.join(sorted(unknown))}")
    folder = run.folder if isinstance(run, Run) else Path(run)
    await runs.resume(folder, watch, limits, workers, changes=changes, network=network, trust=trust)
    return open_run(folder)


def _config(config: RunConfig, fields: dict[str, Any]) -> RunConfig:
    """Return the configuration with these fields. Raises UsageError naming the first that is wrong."""
    listed = {name: _listed(fields[name]) for name in ("agents", "arenas") if name in fields}
    try:
        return RunConfig.model_validate({**config.model_dump(), **fields, **listed})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {first['msg']}" if name else first["msg"].removeprefix("Value error, ")) from error


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
