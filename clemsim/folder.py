"""The folder of a run: its configuration, its store, its summary."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clemsim import store
from clemsim.errors import ClemsimError, StoreError, UsageError
from clemsim.scheduler import Progress
from clemsim.scores.summary import Scored, summarize

CONFIG, STORE, SUMMARY = "run.toml", "run.db", "summary.json"


class RunConfig(BaseModel):
    """All that decides what a run plays. Written whole into `run.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    suite: str = "quick"
    arenas: tuple[str, ...] = ()  # empty: all of the suite
    agents: tuple[str, ...] = ("local",)
    instances: int | None = Field(None, ge=1)
    repetitions: int = Field(1, ge=1)
    seed: int = 0
    width: int | None = Field(None, ge=1)  # None: what each agent can take
    temperature: float = Field(0.0, ge=0)
    max_tokens: int = Field(300, ge=1)
    constrain: bool = False


def default_folder(config: RunConfig) -> Path:
    """`runs/DATE-TIME-SUITE`, with a number behind it where that is taken."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{Path(config.suite).stem}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(path for name in names if not (path := Path("runs") / name).exists())


def check_folder(folder: Path) -> None:
    """Raise UsageError unless the folder can become a new run."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already: choose another --out, or go on with `clemsim resume {folder}`")


def write_description(folder: Path, description: Mapping[str, Any]) -> None:
    """Make the folder with its `run.toml`. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).write_bytes(tomli_w.dumps(without_none(description)).encode())
    except OSError as error:
        raise StoreError(f"{folder} can't be written: {error.strerror}") from error


def read_description(folder: Path) -> dict[str, Any]:
    """`run.toml` as it stands. Raises StoreError when there is none."""
    try:
        return tomllib.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError(f"there is no run at {folder}: {CONFIG} can't be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StoreError(f"{folder / CONFIG}: {error}") from error


def read_config(folder: Path) -> RunConfig:
    """The configuration of a run. Raises StoreError."""
    try:
        return RunConfig.model_validate(read_description(folder).get("config", {}))
    except ValidationError as error:
        raise StoreError(f"{folder / CONFIG}: {error.errors()[0]['msg']}") from error


def summarize_run(folder: Path) -> dict[str, Any]:
    """The summary, made from the store and written to `summary.json`."""
    about = read_description(folder)
    with store.reading(folder / STORE) as base:
        scored = [
            Scored(row.key.arena, row.key.instance, row.key.cast, row.outcome, row.cause) for row in store.episodes(base)
        ]
        throughput = store.meta(base).get("throughput", {})
    scores = summarize(scored)
    summary = {
        "run": str(folder),
        "suite": about["suite"]["name"],
        "suite_seed": about["suite"].get("seed"),
        "constrained": about["config"].get("constrain", False),
        **scores,
        "throughput": throughput,
    }
    (folder / SUMMARY).write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n")
    return summary


def keep_throughput(writer: store.RunStore, folder: Path, progress: Progress) -> None:
    """Add what was just played to what the store has."""
    with store.reading(folder / STORE) as base:
        before = store.meta(base).get("throughput", {})
    names = ("turns", "requests", "retries", "seconds", "tokens_in", "tokens_out", "tokens_cached")
    now = asdict(progress)
    total = {name: now[name] + before.get(name, 0) for name in names}
    total["turns_per_second"] = round(total["turns"] / total["seconds"], 2) if total["seconds"] else 0.0
    total["seconds"] = round(total["seconds"], 3)
    total["peak_in_flight"] = max(progress.peak_in_flight, before.get("peak_in_flight", 0))
    with suppress(ClemsimError):  # the failure of the store itself is raised when it is closed
        writer.meta("throughput", total)


def without_none(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what TOML can't hold."""
    return {
        key: without_none(value) if isinstance(value, Mapping) else value for key, value in data.items() if value is not None
    }
