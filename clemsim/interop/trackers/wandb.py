"""A finished run in Weights & Biases: a run for each agent, with settings, scores and their intervals, and the summary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clemsim._util.extras import library
from clemsim._util.files import write_bytes
from clemsim.errors import UsageError
from clemsim.interop.trackers.tracked import Tracked, tracked_agents

PROJECT = "clemsim"
OFFLINE = "offline"
QUIET = {  # what has nothing to do with a run that is over is neither collected nor printed
    "console": "off",
    "disable_code": True,
    "disable_git": True,
    "silent": True,
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
}


def send_wandb(folder: Path, to: str | None, *, trust: bool = False) -> str:
    """Log each agent of a run as a run of the project `to` (ENTITY/PROJECT or PROJECT; `clemsim` unless given) and return a
    line that says where.

    Without a key (`wandb login`, WANDB_API_KEY) and with WANDB_MODE=offline they are written beside the run, to
    `RUN-wandb`, for `wandb sync`, in place of what an earlier export wrote there. A run that was exported before has the
    same id. Raises UsageError without wandb, and where it refuses, and StoreError.
    """
    wandb = library("wandb", "wandb", "an export to Weights & Biases")
    agents = tracked_agents(folder)
    entity, _, project = (to or PROJECT).rpartition("/")
    mode = _mode(wandb)
    place = folder.with_name(f"{folder.name}-wandb")
    try:
        place.mkdir(parents=True, exist_ok=True)
        logged = [_log(wandb, agent, entity or None, project, mode, place) for agent in agents]
        for agent, written in zip(agents, logged, strict=True) if mode == OFFLINE else ():
            _forget(place, agent.identity, written)
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(f"wandb took no results for {to or PROJECT}: {type(error).__name__}: {reason}") from None
    told = f"{len(agents)} runs in the project {project}"
    return f"{told}, offline: wandb sync {' '.join(logged)}" if mode == OFFLINE else told


def _mode(wandb: Any) -> str:
    """Return the mode: as it was set, or offline where there is no key, so that none is asked for."""
    set_ = os.environ.get("WANDB_MODE")
    return set_ or ("online" if wandb.login(prompt=False) else OFFLINE)


def _forget(place: Path, identity: str, written: str) -> None:
    """Remove what earlier exports of a run wrote, but for what was just written."""
    for old in place.glob(f"wandb/{OFFLINE}-run-*-{identity}*"):
        if old.name != Path(written).name:
            shutil.rmtree(old)


def _log(wandb: Any, agent: Tracked, entity: str | None, project: str, mode: str, place: Path) -> str:
    """Log an agent and return the folder of what was written."""
    run = wandb.init(
        entity=entity,
        project=project,
        id=agent.identity,
        name=agent.name,
        group=agent.group,
        job_type="evaluation",
        mode=mode,
        dir=str(place),
        config={**agent.settings, **agent.tags},
        allow_val_change=True,
        resume=None if mode == OFFLINE else "allow",
        settings=wandb.Settings(**QUIET),
    )
    try:
        run.summary.update(dict(agent.metrics))
        _keep(wandb, run, agent.identity, agent.files)
        return str(run.settings.sync_dir)
    finally:
        run.finish()


def _keep(wandb: Any, run: Any, identity: str, files: Mapping[str, bytes]) -> None:
    """Keep files as an artifact, of which an unchanged one makes no new version."""
    artifact = wandb.Artifact(f"clemsim-{identity}", type="clemsim-run")
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            write_bytes(Path(folder) / name, content)
            artifact.add_file(str(Path(folder) / name), name)
        run.log_artifact(artifact)
