"""Runs of clemcore, from PyPI, in an environment of its own: its working directory, and its command."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clemsim.interop.clembench.port import Port, ports

VERSION = "v3.0"  # of clembench's instances


def name_model(folder: Path, url: str, backends: Iterable[str] = ("openai_compatible",)) -> None:
    """Write what clemcore knows of models: one for each backend, all at one address. Each goes by `fake-BACKEND`."""
    models = [{"model_name": f"fake-{backend}", "model_id": "fake", "backend": backend} for backend in backends]
    keys = {"openai_compatible": {"api_key": "none", "base_url": url}}
    (folder / "model_registry.json").write_text(json.dumps(models), encoding="utf-8")
    (folder / "key.json").write_text(json.dumps(keys), encoding="utf-8")


def lay_out_games(checkout: Path, folder: Path, games: Iterable[str], each: int) -> dict[str, str]:
    """Copy games of a checkout, with `each` of their instances, and return the name of the file that those are in."""
    stems = {}
    for game in games:
        port = ports()[game]
        inside = Path(port.folder)
        if not (folder / inside).exists():
            shutil.copytree(checkout / inside, folder / inside)
        path = instance_file(folder, port)
        data = json.loads(path.read_text(encoding="utf-8"))
        data["experiments"] = some(data["experiments"], each)
        path.write_text(json.dumps(data), encoding="utf-8")
        stems[game] = path.stem
    return stems


def instance_file(checkout: Path, port: Port) -> Path:
    """Return the file that a suite of clembench's version is made of."""
    paths = [checkout / port.folder / name.format(version=VERSION) for name in port.files]
    return next(path for path in paths if path.exists())


def some(experiments: list[dict[str, Any]], each: int) -> list[dict[str, Any]]:
    """Return `each` instances of all experiments together, as many of one as of another."""
    left = each
    for place, experiment in enumerate(experiments):
        share = -(-left // (len(experiments) - place))
        experiment["game_instances"] = experiment["game_instances"][:share]
        left -= len(experiment["game_instances"])
    return [experiment for experiment in experiments if experiment["game_instances"]]


async def run_clem(clem: str, folder: Path, *words: str) -> None:
    """Run its command `run`. Raises RuntimeError when it fails."""
    process = await asyncio.create_subprocess_exec(
        *(clem, "run", *words),
        cwd=folder,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode()[-2000:])
