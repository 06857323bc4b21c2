"""The manifest of a run: what it writes down about itself before it begins."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clemsim.arena import Arena
from clemsim.catalog import suites
from clemsim.catalog.agents import expanded, split_seat
from clemsim.catalog.trust import code_digests, code_paths
from clemsim.game.events import Event
from clemsim.runs.prepare import PreparedRun
from clemsim.runtime.agent_contract import described
from clemsim.store.config import RunConfig
from clemsim.store.description import ArenaDescription, Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import STORE, making, write_description
from clemsim.store.writer import RunStore

_SYSTEM_FILE = re.compile(r"([?&]system=@)([^&#]+)")  # a setting of a SPEC that names a file


def create_run(places: Sequence[Path], prepared: PreparedRun, past: Sequence[Event] = ()) -> Path:
    """Make the folder of a run, with its description and a store that knows every episode, and return it: the first of
    `places` that is free. Raises StoreError, and UsageError where none is.

    Every episode begins with the events in `past`.
    """
    with making(*places) as draft:
        write_description(draft.path, describe(prepared))
        with RunStore(draft.path / STORE) as store:
            for episode in prepared.episodes:
                store.enlist(episode.key, episode.instance, prepared.arenas[episode.key.arena].rules_version)
                store.record(episode.key, 0, past)
    return draft.place


def describe(prepared: PreparedRun) -> RunDescription:
    """Return the full description of a run; it holds no secrets."""
    suite, arenas = prepared.suite, prepared.arenas
    return RunDescription(
        config=RecordedConfig.model_validate(settled(prepared.config)),
        suite=SuiteDescription(name=suite.name, seed=suite.seed, language=suite.language),
        arenas={name: _described(arena) for name, arena in arenas.items()},
        agents={agent.name: described(agent) for agent in prepared.agents},
        specs={name: _absolute_agent(spec) for name, spec in prepared.specs.items()},
        code=_code(prepared),
        made=Origin(
            clemsim=version("clemsim"),
            python=platform.python_version(),
            platform=platform.platform(),
            started=datetime.now().astimezone().isoformat(timespec="seconds"),
        ),
    )


def _described(arena: Arena[Any]) -> ArenaDescription:
    about: dict[str, Any] = {"version": arena.rules_version, "files": arena.digest}
    if arena.foreign:
        about["foreign"] = arena.foreign
    if arena.shown:
        about["shown"] = tuple(arena.shown)
    if arena.sampling:
        about["sampling"] = {seat: own.fixed() for seat, own in arena.sampling.items()}
    return ArenaDescription(**about)


def _code(prepared: PreparedRun) -> dict[str, str]:
    config = prepared.config
    return code_digests([*map(expanded, config.agents), *(config.arenas or prepared.suite.arenas)])


def settled(config: RunConfig) -> dict[str, Any]:
    """Return the configuration with absolute paths of suites, games and agents' files, so that a run can be resumed from
    anywhere.
    """
    suite = config.suite if config.suite in suites.available() else str(Path(config.suite).resolve())
    arenas = [_absolute(spec) if ".py" in spec else spec for spec in config.arenas]
    return {**config.model_dump(), "suite": suite, "arenas": arenas, "agents": list(absolute_agents(config))}


def absolute_agents(config: RunConfig) -> tuple[str, ...]:
    """Return the SPECs of the agents, with absolute paths of the files that they name."""
    return tuple(_absolute_agent(spec) for spec in config.agents)


def _absolute_agent(spec: str) -> str:
    """Return the SPEC with an absolute path, where it names a file without help of the environment."""
    spec = _SYSTEM_FILE.sub(lambda found: f"{found[1]}{Path(found[2]).expanduser().resolve()}", spec)
    seat, bare = split_seat(spec)
    if not code_paths([bare]):
        return spec
    return f"{seat}={_absolute(bare)}" if seat else _absolute(bare)


def _absolute(spec: str) -> str:
    named, question, settings = spec.partition("?")
    path, _, name = named.rpartition(":")
    return f"{Path(path).resolve()}:{name}{question}{settings}"
