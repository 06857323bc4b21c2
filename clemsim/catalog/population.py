"""Reads populations of reference players, and knows whether a player still is the one that was rated."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.files import write_toml
from clemsim.catalog.models import read
from clemsim.errors import UsageError
from clemsim.runtime.agent import Agent
from clemsim.store.description import without_none
from clemsim.store.population import Population

# What may differ between two runs of one player: a server that was updated or has moved still serves the same model.
PASSING = {"name", "url", "server", "features", "build", "slots", "context", "batch"}


def read_population(path: Path) -> Population:
    """Read a file that `clemsim ratings RUN --freeze FILE` has written. Raises UsageError."""
    population = read(path, Population)
    for field in ("name", "agent"):
        values = [getattr(player, field) for player in population.player]
        if twice := next((value for value in values if values.count(value) > 1), None):
            raise UsageError(f"{path}: two players have the {field} {twice!r}")
    return population


def write_population(path: Path, population: Population) -> None:
    """Write a population as TOML. Raises StoreError."""
    write_toml(path, without_none(population.model_dump()))


def agent_digest(about: Mapping[str, Any], code: str | None) -> str:
    """Return a digest of what an agent says of itself in a run, but for what may pass (`PASSING`), and of its file."""
    facts = {name: value for name, value in without_none(dict(about)).items() if name not in PASSING}
    return blake2b(orjson.dumps([facts, code], option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def check_players(population: Population, agents: Mapping[str, Agent], code: Mapping[str, str | None]) -> None:
    """Raise UsageError where a reference player, now open, is not the one that was rated. `agents` and `code`, the digests
    of their files, by name.
    """
    for player in population.player:
        if player.digest and player.digest != agent_digest(agents[player.name].describe(), code.get(player.name)):
            raise UsageError(
                f"{player.name} is not the player that was rated: its weights, code or sampling differ (--temperature,"
                " --max-tokens, --constrain): play it as it was, or rate the population anew"
            )
