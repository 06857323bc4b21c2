"""What a run writes down about itself before it begins."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clemsim.catalog import suites
from clemsim.game.events import Event
from clemsim.runs.prepare import PreparedRun
from clemsim.store.config import RunConfig
from clemsim.store.description import ArenaDescription, Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import (
    STORE,
    making,
    write_description,
)
from clemsim.store.writer import RunStore


def create(folder: Path, prepared: PreparedRun, past: Sequence[Event] = ()) -> None:
    """Make the folder with its configuration and a store that knows every episode. Raises StoreError."""
    with making(folder) as draft:
        write_description(draft, describe(prepared))
        writer = RunStore(draft / STORE)
        for episode in prepared.episodes():
            writer.enlist(episode.key, episode.instance, prepared.arenas[episode.key.arena].version)
            writer.record(episode.key, 0, past)
        writer.meta("run", folder.name)
        writer.close()


def describe(prepared: PreparedRun) -> RunDescription:
    """The full configuration of a run; no secrets."""
    suite, arenas = prepared.suite, prepared.arenas
    return RunDescription(
        config=RecordedConfig.model_validate(settled(prepared.config)),
        suite=SuiteDescription(name=suite.name, seed=suite.seed, language=suite.language),
        arenas={name: ArenaDescription(version=arena.version, files=arena.digest) for name, arena in arenas.items()},
        agents={agent.name: agent.describe() for agent in prepared.agents},
        made=Origin(
            clemsim=version("clemsim"),
            python=platform.python_version(),
            platform=platform.platform(),
            started=datetime.now().astimezone().isoformat(timespec="seconds"),
        ),
    )


def settled(config: RunConfig) -> dict[str, Any]:
    """The configuration with the whole paths of suites and games, so that a run can be gone on with from anywhere."""
    suite = config.suite if config.suite in suites.available() else str(Path(config.suite).resolve())
    arenas = [_whole(spec) if ".py" in spec else spec for spec in config.arenas]
    return {**config.model_dump(), "suite": suite, "arenas": arenas, "agents": list(config.agents)}


def _whole(spec: str) -> str:
    path, _, name = spec.rpartition(":")
    return f"{Path(path).resolve()}:{name}"
