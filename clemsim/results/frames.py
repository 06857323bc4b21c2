"""A run as tables for pandas, polars or Parquet: episodes, turns, scores and seats, one row each.

run = clemsim.open_run("runs/20261123-120000-quick")
run.pandas("episodes").groupby("arena").quality.mean()
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from clemsim._util.extras import library
from clemsim.errors import UsageError
from clemsim.store import checksums, reader
from clemsim.store.folder import STORE

Columns = Mapping[str, list[Any]]

EPISODES = (
    'SELECT id AS episode, arena, experiment, instance, repetition, "cast" AS agent, status, outcome, reason, blame,'
    " quality, cause, detail, started, ended,"
    " (SELECT json_extract(value, '$.text') FROM meta WHERE key = 'question'"
    " AND EXISTS (SELECT 1 FROM episodes WHERE cause = 'question answered')) AS stopped_when"
    " FROM episodes ORDER BY id"
)
TURNS = """
SELECT asked.episode, asked.turn, asked.seat, asked.content AS ask,
    replied.content AS reply, replied.reasoning, replied.stop,
    requests.model, requests.seed, requests.started, requests.seconds, requests.tokens_in, requests.tokens_out,
    requests.tokens_cached, requests.retries
FROM (SELECT episode, json_extract(body, '$.turn') AS turn, json_extract(body, '$.seat') AS seat,
          json_extract(body, '$.content') AS content
      FROM events WHERE type = 'asked') AS asked
LEFT JOIN (SELECT episode, json_extract(body, '$.turn') AS turn, json_extract(body, '$.content') AS content,
               json_extract(body, '$.reasoning') AS reasoning, json_extract(body, '$.stop') AS stop
           FROM events WHERE type = 'replied') AS replied
    ON replied.episode = asked.episode AND replied.turn = asked.turn
LEFT JOIN requests ON requests.episode = asked.episode AND requests.turn = asked.turn
ORDER BY asked.episode, asked.turn
"""
SCORES = "SELECT episode, round, metric, value FROM scores ORDER BY episode, round, metric"
SEATS = "SELECT episode, seat, role, agent, score FROM seats ORDER BY episode, seat"
NO_SEATS = "SELECT 0 AS episode, '' AS seat, '' AS role, '' AS agent, 0.0 AS score WHERE 0"  # of a run before there were any
CALLS = """
SELECT episode, json_extract(body, '$.turn') AS turn, json_extract(body, '$.seat') AS seat,
    json_extract(body, '$.tool') AS tool, json_extract(body, '$.arguments') AS arguments,
    json_extract(body, '$.content') AS result, json_extract(body, '$.failed') AS failed
FROM events WHERE type = 'returned' ORDER BY episode, number
"""
IMAGES = "SELECT digest, media_type, data FROM images ORDER BY rowid"
NO_IMAGES = "SELECT '' AS digest, '' AS media_type, x'' AS data WHERE 0"
DETAILS = "SELECT episode, turn, name, value FROM details ORDER BY episode, turn, name"
NO_DETAILS = "SELECT 0 AS episode, 0 AS turn, '' AS name, '' AS value WHERE 0"
QUERIES = {
    "episodes": EPISODES,
    "turns": TURNS,
    "scores": SCORES,
    "seats": SEATS,
    "images": IMAGES,
    "details": DETAILS,
    "calls": CALLS,
}


def _query(base: sqlite3.Connection, name: str) -> str:
    """Return the query of a table, which a store from before there was such a table has not."""
    if name == "seats" and not reader.has_seats(base):
        return NO_SEATS
    if name == "details" and not reader.has_details(base):
        return NO_DETAILS
    return NO_IMAGES if name == "images" and not reader.has_images(base) else QUERIES[name]


@dataclass(frozen=True)
class RunTables:
    """The tables of a run, by name: `episodes`, `turns`, `scores` (round 0: of the whole episode), `seats`,
    `images` and `calls`.

    Times are seconds since the epoch, `seconds` is the duration of a request. A table is read once.
    """

    folder: Path

    @cached_property
    def episodes(self) -> Columns:
        """A row for each episode. `stopped_when`: why the stopping rule of the run ended it; None in other runs."""
        return self.columns("episodes")

    @cached_property
    def turns(self) -> Columns:
        """A row for each turn; the costs of its request are None for agents that ask no server."""
        return self.columns("turns")

    @cached_property
    def scores(self) -> Columns:
        """A row for each metric of an episode or round."""
        return self.columns("scores")

    @cached_property
    def seats(self) -> Columns:
        """A row for each seat of an episode that was scored by seat or aborted, or whose cast names seats: role, agent and
        score (None: it has none).
        The role is the name of the seat where a game has no roles.
        """
        return self.columns("seats")

    @cached_property
    def images(self) -> Columns:
        """A row for each picture that was shown: its digest, media type and bytes."""
        return self.columns("images")

    @cached_property
    def calls(self) -> Columns:
        """A row for each call of a tool that was answered: `arguments` as JSON, `result` as text; `failed`: 1 or 0."""
        return self.columns("calls")

    def columns(self, name: str) -> Columns:
        """Return a table as lists by column. Raises StoreError and UsageError."""
        if name not in QUERIES:
            raise UsageError(f"there is no table {name!r}: choose one of {', '.join(QUERIES)}")
        with reader.reading(self.folder / STORE) as base:
            checksums.check(base)
            cursor = base.execute(_query(base, name))
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        return {column: [row[index] for row in rows] for index, column in enumerate(names)}

    def pandas(self, name: str = "episodes") -> Any:
        """Return a table as a pandas DataFrame. Raises UsageError without pandas."""
        return library("pandas", "frames").DataFrame(self.columns(name))

    def polars(self, name: str = "episodes") -> Any:
        """Return a table as a polars DataFrame. Raises UsageError without polars."""
        return library("polars", "frames").DataFrame(self.columns(name), infer_schema_length=None)

    def arrow(self, name: str = "episodes") -> Any:
        """Return a table as a pyarrow Table. Raises UsageError without pyarrow."""
        return library("pyarrow", "frames").table(dict(self.columns(name)))
