"""Runs: many episodes, one folder.

A run is prepared first (suite, arenas, agents, all checked and opened) and only then gets its folder, so that nothing
is left half-written when something is missing. Playing, going on and scoring again all end in the same summary, made
from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from clemsim._util.tasks import run_in_background
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.transcript import Transcript
from clemsim.results.run_summary import RunSummary, write_summary
from clemsim.results.tally import Tally
from clemsim.runs.manifest import create
from clemsim.runs.prepare import PreparedRun, prepare, prepare_arenas
from clemsim.runs.resume_check import check_agents, check_same
from clemsim.runs.session import EpisodePlayer, LiveRun, Watch, _keep_session
from clemsim.runs.stopping import StoppingRule, StoppingScheduler, _begun, _question
from clemsim.runs.width_control import follow_requests
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runs.workers.pool import WorkerPool
from clemsim.runtime.agent import opened
from clemsim.runtime.limits import Limits
from clemsim.runtime.scheduler import Scheduler
from clemsim.store import reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import (
    STORE,
    alone,
    check_folder,
    default_folder,
    read_config,
    read_description,
)
from clemsim.store.recorder import Recorder
from clemsim.store.writer import RunStore


async def play(
    config: RunConfig,
    out: Path | None = None,
    watch: Watch | None = None,
    limits: Limits | None = None,
    past: Sequence[Event] = (),
    workers: WorkerOptions | None = None,
) -> RunSummary:
    """Play a run into a new folder and return its summary; every episode goes on after the events in `past`.

    Raises ClemsimError; the folder then keeps what was played.
    """
    prepared = prepare(config)
    question = _question(prepared, workers)
    folder = out or default_folder(config)
    check_folder(folder)
    async with opened(prepared.agents):
        create(folder, prepared, past)
        with alone(folder):
            recorded = {episode.key: past for episode in prepared.episodes()}
            return await _go(folder, prepared, recorded, watch, limits, workers, question)


async def resume(
    folder: Path,
    watch: Watch | None = None,
    limits: Limits | None = None,
    workers: WorkerOptions | None = None,
    **changes: int | None,
) -> RunSummary:
    """Go on with a run: play what is unfinished, each episode from its next turn on, unless its question is answered.
    `changes`: of its configuration, in what makes no difference to the play: its width, or None for `stop_when`.

    Raises UsageError where the run would not be the same any more, and every other ClemsimError.
    """
    about = read_description(folder)
    with alone(folder):
        prepared = prepare(read_config(folder).model_copy(update=changes))
        with reader.reading(folder / STORE) as base:
            rows = list(reader.episodes(base))
            past: Mapping[EpisodeKey, Sequence[Event]] = {
                row.key: reader.events(base, row.id) for row in rows if row.outcome is None
            }
        check_same(about, prepared, rows)
        question = _question(prepared, workers, rows)
        if question and question.answer:
            past, question = _begun(folder, question, past), None
        if not past:
            return write_summary(folder)
        async with opened(prepared.agents):
            check_agents(about, prepared.agents)
            return await _go(folder, prepared, past, watch, limits, workers, question)


def rescore(folder: Path) -> RunSummary:
    """Compute every score of a run anew from its transcripts and return the summary. Raises StoreError."""
    arenas = prepare_arenas(read_config(folder))
    with alone(folder), reader.reading(folder / STORE) as base:
        writer = RunStore(folder / STORE, create=False)
        try:
            for row in reader.episodes(base):
                if row.outcome is not None:
                    arena = arenas[row.key.arena]
                    transcript = Transcript(row.key, arena.load(row.data), tuple(reader.events(base, row.id)))
                    writer.score(row.key, *arena.scores(transcript))
        finally:
            writer.close()
    return write_summary(folder)


async def _go(
    folder: Path,
    prepared: PreparedRun,
    past: Mapping[EpisodeKey, Sequence[Event]],
    watch: Watch | None,
    limits: Limits | None,
    workers: WorkerOptions | None,
    question: StoppingRule | None,
) -> RunSummary:
    """Play those episodes of a run that have a past, which may be empty."""
    writer = RunStore(folder / STORE, create=False)
    tally = Tally()
    player: EpisodePlayer
    episodes = [episode for episode in prepared.episodes(past) if episode.key in past]
    if workers:
        player = WorkerPool(prepared.config, past, writer, tally, limits, workers)
    elif question:
        player = StoppingScheduler(prepared, writer, tally, limits, question)
        episodes = question.sorted(episodes)
    else:
        player = Scheduler(Recorder(writer, prepared.arenas, tally), prepared.config.width, limits)
    live = LiveRun(folder, player.progress, tally, player.stop)
    try:
        async with (
            run_in_background(_keep_session(writer, player)),
            run_in_background(follow_requests(folder, player.set_width)),
            run_in_background(watch(live) if watch else None),
        ):
            await player.play(episodes)
    finally:
        writer.close()
        summary = write_summary(folder)
    return summary
