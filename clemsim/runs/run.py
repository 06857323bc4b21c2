"""Runs: many episodes, one folder.

A run is prepared first (suite, arenas, agents, all checked and opened) and only then gets its folder, so that nothing
is left half-written when something is missing. Playing, resuming and scoring again all end in the same summary, made
from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from clemsim.catalog.trust import Trust
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.vllm_server import ServerPool
from clemsim.game.events import Event
from clemsim.game.transcript import Transcript
from clemsim.results.run_summary import RunSummary, write_summary
from clemsim.runs.connections import most_turns
from clemsim.runs.forecast import Preflight
from clemsim.runs.manifest import absolute_agents, create_run
from clemsim.runs.prepare import check_cost_limit, prepare, recorded_arenas, run_trust
from clemsim.runs.references import check_references
from clemsim.runs.resume_check import check_agents, check_rules, check_same
from clemsim.runs.session import RunSession, Watch
from clemsim.runs.stopping.play import make_rule, set_aside_unbegun
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.agent import opened
from clemsim.runtime.limits import Limits
from clemsim.store import reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE, alone, check_folder, default_folders, read_config, read_description
from clemsim.store.writer import RunStore


async def play(
    config: RunConfig,
    out: Path | None = None,
    watch: Watch | None = None,
    limits: Limits | None = None,
    past: Sequence[Event] = (),
    workers: WorkerOptions | None = None,
    servers: ServerPool | None = None,
    network: NetworkOptions | None = None,
    trust: Trust | None = None,
    preflight: Preflight | None = None,
) -> RunSummary:
    """Play a run into a new folder and return its summary; every episode goes on after the events in `past`.

    `servers` owns the servers that are started for the run; None: they stop with it. `network`: how others are reached.
    `trust`: as for `prepare`. `preflight` is called with the run, its episodes and a folder that it may get, before an agent
    is opened. Raises ClemsimError; the folder then keeps what was played.
    """
    config = config.model_copy(update={"agents": absolute_agents(config)})  # which may be named after their SPECs
    prepared = prepare(config, servers, network, trust)
    check_cost_limit(limits, prepared)
    rule = make_rule(prepared, workers)
    if out:
        check_folder(out)
    most = most_turns(prepared.agents)
    places = [out] if out else default_folders(config)
    if preflight:
        preflight(prepared, prepared.episodes, places[0])
    async with opened(prepared.agents):
        check_references(prepared)
        folder = create_run(places, prepared, past)
        episodes = [episode.after(past) for episode in prepared.episodes]
        with alone(folder):
            return await RunSession(folder, prepared, episodes, watch, limits, workers, rule, most).play()


async def resume(
    folder: Path,
    watch: Watch | None = None,
    limits: Limits | None = None,
    workers: WorkerOptions | None = None,
    servers: ServerPool | None = None,
    changes: Mapping[str, int | None] | None = None,
    network: NetworkOptions | None = None,
    preflight: Preflight | None = None,
    *,
    trust: bool = False,
) -> RunSummary:
    """Go on with a run and return its summary: play the unfinished episodes, each from its next turn on, unless the
    stopping rule of the run is answered.

    `changes` of the configuration may be those that make no difference to the play: `width`, and None for `stop_when`.
    `servers`, `network` and `preflight`: as for `play`. `trust`: load whatever code the run names. Raises UsageError where
    it would not be the same run any more, or names code that the user has not run, and every other ClemsimError.
    """
    description = read_description(folder)
    with alone(folder):
        config = read_config(folder).model_copy(update=changes or {})
        prepared = prepare(config, servers, network, run_trust(folder, given=trust))
        with reader.reading(folder / STORE) as base:
            rows = list(reader.episodes(base))
            recorded = {row.key: reader.events(base, row.id) for row in rows if row.outcome is None}
        check_cost_limit(limits, prepared)
        check_same(description, prepared, rows)
        rule = make_rule(prepared, workers, rows)
        episodes = [episode.after(recorded[episode.key]) for episode in prepared.episodes if episode.key in recorded]
        if rule and rule.answer:
            episodes, rule = set_aside_unbegun(folder, rule, episodes), None
        if not episodes:
            return write_summary(folder)
        most = most_turns(prepared.agents)
        if preflight:
            preflight(prepared, episodes, folder)
        async with opened(prepared.agents):
            check_agents(description, prepared.agents)
            return await RunSession(folder, prepared, episodes, watch, limits, workers, rule, most).play()


def rescore(folder: Path, *, trust: bool = False) -> RunSummary:
    """Compute every score of a run anew from its transcripts and return the summary. `trust`: load whatever code it names.

    Raises StoreError and UsageError.
    """
    arenas = recorded_arenas(folder, trust=trust)
    with alone(folder), reader.reading(folder / STORE) as base:
        check_rules(arenas, reader.episodes(base))
        with RunStore(folder / STORE, create=False) as store:
            for row in reader.episodes(base):
                if row.outcome is not None:
                    arena = row.of(arenas)
                    transcript = Transcript(row.key, arena.load(row.data), tuple(reader.events(base, row.id)))
                    store.score(row.key, *arena.scores(transcript))
        return write_summary(folder)
