"""What a run says of itself in `run.toml`.

Keys that this version does not know, of an older or a newer run, are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from clemsim.store.config import RunConfig


class Description(BaseModel):
    """A table of `run.toml`."""

    model_config = ConfigDict(frozen=True, extra="allow")


class RecordedConfig(RunConfig):
    """The configuration of a run, perhaps of another version. What it leaves out has today's default."""

    model_config = ConfigDict(frozen=True, extra="allow")


class SuiteDescription(Description):
    """The suite of a run."""

    name: str = ""
    seed: int | None = None
    language: str = "en"


class ArenaDescription(Description):
    """An arena of a run: its version, with its rule set where it has several (`3.0+2`), the digest of its prompts and word
    lists, both None in an imported run; the framework whose game it is, empty for clemsim's own; the metrics that it wants
    shown, and what it fixes for seats and roles.
    """

    version: int | str | None = None
    files: str | None = None
    foreign: str = ""
    shown: tuple[str, ...] = ()
    sampling: dict[str, dict[str, float | int]] = Field(default_factory=dict)


class Origin(Description):
    """What a run was made with, and when: a time in ISO format."""

    clemsim: str | None = None
    python: str | None = None
    platform: str | None = None
    started: str | None = None


class RunDescription(Description):
    """All of `run.toml`; arenas and agents by name. What agents say of themselves is up to them. `specs`: the SPEC of each
    agent by name; empty in older runs.
    """

    config: RecordedConfig = Field(default_factory=RecordedConfig)
    suite: SuiteDescription = SuiteDescription()
    arenas: dict[str, ArenaDescription] = Field(default_factory=dict)
    agents: dict[str, dict[str, Any]] = Field(default_factory=dict)
    specs: dict[str, str] = Field(default_factory=dict)
    code: dict[str, str] = Field(default_factory=dict)  # SHA-256 of the files that SPECs name, by absolute path
    made: Origin = Origin()

    def as_toml(self) -> dict[str, Any]:
        """Return what was set of the description, without None, which TOML cannot hold."""
        return without_none(self.model_dump(exclude_unset=True))


def flat_settings(values: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Return a table of `run.toml` by dotted keys, its values as text."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flat_settings(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat


def without_none(data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` and the tables in it without the keys whose value is None."""
    return {
        key: without_none(value) if isinstance(value, dict) else value for key, value in data.items() if value is not None
    }
