"""Reads a run store, also while it is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import orjson

from clemsim.errors import StoreError
from clemsim.game.events import Event, decode
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Kind, Outcome
from clemsim.store import checksums
from clemsim.store.schema import NOTICES, connect

T = TypeVar("T")

UNENDED = ("waiting", "playing", "unfinished")
EPISODES = (
    'SELECT id, arena, instance, repetition, "cast", experiment, version, data, status, outcome, reason, blame,'
    " quality, cause, detail FROM episodes"
)


BY_SEAT_ALONE = """
SELECT DISTINCT arena FROM episodes WHERE status = 'done' AND quality IS NULL
    AND id IN (SELECT episode FROM seats WHERE score IS NOT NULL)
"""
OUTCOMES = (
    'SELECT id, arena, instance, repetition, "cast", status, cause, outcome, reason, blame, quality'
    " FROM episodes{condition} ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode as it is stored."""

    id: int
    key: EpisodeKey
    experiment: str
    version: int | str
    data: dict[str, Any]
    status: str
    outcome: Outcome | None
    cause: str
    detail: str

    def of(self, arenas: Mapping[str, T]) -> T:
        """Return the arena of the episode. Raises StoreError where the run has none of this name."""
        if self.key.arena not in arenas:
            raise StoreError(f"episode {self.id} is of {self.key.arena!r}, which the run does not play")
        return arenas[self.key.arena]


class SeatRow(NamedTuple):
    """A seat of an episode that was scored by seat or aborted, or whose cast names seats; without a score it has none."""

    seat: str
    role: str
    agent: str
    score: float | None


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store for reading only, also while it is being written. Raises StoreError."""
    try:
        with closing(connect(path, readonly=True)) as base:
            yield base
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


@contextmanager
def decoding(what: object) -> Iterator[None]:
    """Raise StoreError where the block cannot make sense of what it has read. For blocks that compute with nothing else."""
    try:
        yield
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise StoreError(f"{what} cannot be read: {type(error).__name__}: {error}") from error


def episodes(base: sqlite3.Connection) -> Iterator[EpisodeRow]:
    """Return all episodes, in the order in which they were enlisted."""
    by_seat = {id_: _by_seat(rows) for id_, rows in seats(base).items()}
    for values in base.execute(f"{EPISODES} ORDER BY id"):
        yield _episode(values, by_seat.get(values[0]))


def episodes_of(base: sqlite3.Connection, cast: str, arena: str | None = None) -> Iterator[EpisodeRow]:
    """Return the episodes of one cast, of one arena or of all, in the order in which they were enlisted."""
    query = f'{EPISODES} WHERE "cast" = ? AND coalesce(arena = ?, 1) ORDER BY id'
    for values in base.execute(query, (cast, arena)):
        yield _episode(values, _by_seat(seats_of(base, values[0])))


def outcomes(base: sqlite3.Connection, cast: str | None = None) -> Iterator[tuple[EpisodeKey, Outcome | None, str]]:
    """Yield the key of each episode, its outcome or None, and why it is unfinished, in the order in which they were
    enlisted; all of them, or those of a cast. It is `episodes` without the instances, and quicker. Raises StoreError.
    """
    by_seat = {id_: _by_seat(rows) for id_, rows in seats(base).items()}
    known: dict[tuple[Any, ...], Outcome] = {}  # many episodes end alike
    query, bound = ("", ()) if cast is None else (' WHERE "cast" = ?', (cast,))
    for values in base.execute(OUTCOMES.format(condition=query), bound):
        id_, arena, instance, repetition, cast, status, cause = values[:7]
        ended = values[7:]
        if not (type(arena) is type(instance) is type(cast) is str and type(repetition) is int):
            raise StoreError(f"episode {id_} cannot be read: {values!r} is none")
        key = EpisodeKey(arena, instance, repetition, cast)
        if status == "done":
            if id_ in by_seat:
                yield key, _outcome(id_, ended, by_seat[id_]), cause or ""
                continue
            if ended not in known:
                known[ended] = _outcome(id_, ended)
            yield key, known[ended], cause or ""
        elif status in UNENDED and isinstance(cause, str | None):
            yield key, None, cause or ""
        else:
            raise StoreError(f"episode {id_} cannot be read: {values!r} is none")


def _outcome(id_: int, values: Sequence[Any], by_seat: Mapping[str, float] | None = None) -> Outcome:
    kind, reason, blame, quality = values
    optional = isinstance(reason, str | None) and isinstance(blame, str | None)
    if kind not in get_args(Kind) or not optional or not isinstance(quality, int | float | None):
        raise StoreError(f"episode {id_} cannot be read: {values!r} is no outcome")
    return Outcome(kind, reason or "", blame, quality, by_seat)


def episode(base: sqlite3.Connection, number: int) -> EpisodeRow | None:
    """Return one episode by its number; None where there is none. Raises StoreError."""
    values = base.execute(f"{EPISODES} WHERE id = ?", (number,)).fetchone()
    return None if values is None else _episode(values, _by_seat(seats_of(base, number)))


def seats(base: sqlite3.Connection) -> dict[int, list[SeatRow]]:
    """Return who sat where by the number of the episode, of those of which it is stored (`SeatRow`). Raises StoreError."""
    if not has_seats(base):
        return {}
    found: dict[int, list[SeatRow]] = {}
    for id_, seat, role, agent, score in base.execute("SELECT episode, seat, role, agent, score FROM seats"):
        if not isinstance(score, int | float | None) or not all(isinstance(text, str) for text in (seat, role, agent)):
            raise StoreError(f"the seats of episode {id_} cannot be read: {(seat, role, agent, score)!r} is none")
        found.setdefault(id_, []).append(SeatRow(seat, role, agent, score))
    return found


def seats_of(base: sqlite3.Connection, episode: int) -> list[SeatRow]:
    """Return who sat where in one episode; nothing where it is not stored."""
    if not has_seats(base):
        return []
    query = "SELECT seat, role, agent, score FROM seats WHERE episode = ?"
    return [SeatRow(*row) for row in base.execute(query, (episode,))]


def games_apart(base: sqlite3.Connection) -> set[str]:
    """Return the games that are scored by seat alone, so that they have no score that all seats share."""
    return {str(name) for (name,) in base.execute(BY_SEAT_ALONE)} if has_seats(base) else set()


def scores_of(base: sqlite3.Connection, episode: int) -> tuple[dict[str, float | None], list[dict[str, float | None]]]:
    """Return the scores of one episode by name, and those of each of its rounds in order."""
    rounds: dict[int, dict[str, float | None]] = {}
    query = "SELECT round, metric, value FROM scores WHERE episode = ? ORDER BY round"
    for number, metric, value in base.execute(query, (episode,)):
        rounds.setdefault(number, {})[metric] = value
    whole = rounds.pop(0, {})
    return whole, list(rounds.values())


def has_seats(base: sqlite3.Connection) -> bool:
    """Return whether the store knows who sat where."""
    return _has_table(base, "seats")


def image(base: sqlite3.Connection, digest: str) -> bytes:
    """Return the bytes of a picture. Raises StoreError where they are not there, or not those that were shown."""
    found = base.execute("SELECT data FROM images WHERE digest = ?", (digest,)).fetchone() if has_images(base) else None
    if found is None:
        raise StoreError(f"there is no picture {digest} in this run: its events name those that there are")
    if not isinstance(found[0], bytes) or sha256(found[0]).hexdigest() != digest:
        raise StoreError(f"the picture {digest} is damaged: it is not the one that was shown")
    return found[0]


def image_digests(base: sqlite3.Connection) -> list[str]:
    """Return the digests of all pictures, in the order in which they were shown."""
    return [row[0] for row in base.execute("SELECT digest FROM images ORDER BY rowid")] if has_images(base) else []


def named_images(base: sqlite3.Connection) -> list[str]:
    """Return the digests that events name, in alphabetical order."""
    query = (
        "SELECT DISTINCT json_extract(part.value, '$.digest') AS digest FROM events, json_each(body, '$.parts') AS part"
        " WHERE events.type IN ('asked', 'told') AND digest IS NOT NULL ORDER BY digest"
    )
    return [str(digest) for (digest,) in base.execute(query)]


def has_images(base: sqlite3.Connection) -> bool:
    """Return whether the store has room for pictures: one that was made before there were any has not."""
    return _has_table(base, "images")


def _has_table(base: sqlite3.Connection, name: str) -> bool:
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
    return bool(base.execute(query, (name,)).fetchone()[0])


def _by_seat(rows: Sequence[SeatRow]) -> dict[str, float] | None:
    return {row.seat: row.score for row in rows if row.score is not None} or None


def events(base: sqlite3.Connection, episode: int) -> list[Event]:
    """Return the events of one episode in order, as they were written. Raises StoreError where they are not."""
    checksums.check(base, episode)
    return decoded_events(base, episode)


def decoded_events(base: sqlite3.Connection, episode: int) -> list[Event]:
    """Return the events of one episode as they are now. Raises StoreError where they are none."""
    rows = base.execute("SELECT type, body FROM events WHERE episode=? ORDER BY number", (episode,))
    return [decode(kind, body) for kind, body in rows]


def _episode(values: Sequence[Any], by_seat: Mapping[str, float] | None) -> EpisodeRow:
    id_, arena, instance, repetition, cast, experiment, version, data, status, *rest = values
    kind, reason, blame, quality, cause, detail = rest
    texts = (arena, instance, cast, experiment, data, status)
    optional = (kind, reason, blame, cause, detail)
    right = (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(text, str | None) for text in optional)
        and isinstance(repetition, int)
        and isinstance(version, int | str)
        and isinstance(quality, int | float | None)
        and (status in UNENDED or (status == "done" and kind in get_args(Kind)))
    )
    if not right:
        raise StoreError(f"episode {id_} cannot be read: {values!r} is none")
    try:
        instance_data = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"episode {id_} cannot be read: its instance is no JSON: {error}") from error
    if not isinstance(instance_data, dict):
        raise StoreError(f"episode {id_} cannot be read: its instance is {data}")
    outcome = Outcome(kind, reason or "", blame, quality, by_seat) if status == "done" else None
    key = EpisodeKey(arena, instance, repetition, cast)
    return EpisodeRow(id_, key, experiment, version, instance_data, status, outcome, cause or "", detail or "")


def requests(base: sqlite3.Connection, episode: int) -> dict[int, dict[str, Any]]:
    """Return what each turn of an episode cost, by turn."""
    cursor = base.execute("SELECT * FROM requests WHERE episode=?", (episode,))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return {row["turn"]: row for row in rows}


def cut_replies(base: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Return how many replies of each cast were cut at the token limit, in the reply or in the thinking before it, or were
    not begun for lack of context.
    """
    query = (
        'SELECT "cast", stop, count(*) FROM requests JOIN episodes ON episodes.id = requests.episode'
        " WHERE stop IN ('length', 'thinking', 'overflow') GROUP BY 1, 2 ORDER BY 1, 2"
    )
    counts: dict[str, dict[str, int]] = {}
    for cast, stop, count in base.execute(query):
        counts.setdefault(cast, {})[stop] = count
    return counts


def has_details(base: sqlite3.Connection) -> bool:
    """Return whether the store has room for details of requests: one that was made before there were any has not."""
    return _has_table(base, "details")


def details(base: sqlite3.Connection, episode: int) -> dict[int, dict[str, Any]]:
    """Return what is known of the requests of an episode beside their rows, by turn and name."""
    found: dict[int, dict[str, Any]] = {}
    if has_details(base):
        for turn, name, value in base.execute("SELECT turn, name, value FROM details WHERE episode = ?", (episode,)):
            found.setdefault(turn, {})[name] = orjson.loads(value)
    return found


class RestartRow(NamedTuple):
    """An episode that began anew. `turns` and tokens are those of what was played of it before; `why`: where that did not
    play again as it was recorded.
    """

    episode: int
    arena: str
    why: str
    turns: int
    tokens_in: int
    tokens_out: int


RESTARTED = """SELECT episode, arena, why,
    (SELECT count(*) FROM json_each(kept, '$.events') WHERE value->>1 = 'replied'),
    (SELECT coalesce(sum(value->>7), 0) FROM json_each(kept, '$.requests')),
    (SELECT coalesce(sum(value->>8), 0) FROM json_each(kept, '$.requests'))
FROM restarts JOIN episodes ON episodes.id = episode ORDER BY at, episode, number"""


def restarts(base: sqlite3.Connection) -> list[RestartRow]:
    """Return the restarts of episodes in their order. A store that was made before there were any has none."""
    return [RestartRow(*row) for row in base.execute(RESTARTED)] if _has_table(base, "restarts") else []


def restart_counts(base: sqlite3.Connection) -> dict[int, int]:
    """Return how often each episode was restarted, of those that were."""
    query = "SELECT episode, count(*) FROM restarts GROUP BY 1"
    return dict(base.execute(query).fetchall()) if _has_table(base, "restarts") else {}


def notices(base: sqlite3.Connection) -> list[str]:
    """Return what servers have refused, one line each."""
    found = meta(base).get(NOTICES)
    return [str(line) for line in found] if isinstance(found, list) else []


def notices_of(path: Path) -> list[str]:
    """Return what `notices` returns of the store at a path. Raises StoreError."""
    with reading(path) as base:
        return notices(base)


def meta(base: sqlite3.Connection) -> dict[str, Any]:
    """Return the facts about the whole run."""
    try:
        return {key: orjson.loads(value) for key, value in base.execute("SELECT key, value FROM meta")}
    except (orjson.JSONDecodeError, TypeError) as error:
        raise StoreError(f"the facts about the run cannot be read: {error}") from error
