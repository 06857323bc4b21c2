"""Brings the index up to date with the store: facts in SQL over all that changed, texts in chunks.

SQLite does the work, without the interpreter's lock, so that a server goes on answering meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clemsim.results.episode_index.episode_facts import BITS
from clemsim.results.episode_index.index_schema import INDEXES
from clemsim.results.episode_index.reason_kinds import kind_of, variables
from clemsim.store.schema import SESSION

SLICE = 20_000  # episodes whose facts are written in one commit
FEW = 2_000  # episodes that are sorted quickly enough as they lie
CHUNK_EVENTS, CHUNK_EPISODES = 20_000, 1_000  # of which the texts are written in one commit, at most

Progress = Callable[[int, int], None]  # episodes that are done, and all

# Episodes that are new, or not as they were. What goes on has more events than at the last look.
CHANGED = """
INSERT INTO temp.changed
SELECT e.id FROM run.episodes AS e LEFT JOIN main.facts AS f ON f.id = e.id
WHERE f.id IS NULL
    OR e.status != f.status OR e.ended IS NOT f.ended OR e.quality IS NOT f.quality
    OR coalesce(e.outcome, '') != f.outcome OR coalesce(e.blame, '') != f.blame OR coalesce(e.cause, '') != f.cause
    OR e.arena != f.arena OR e.instance != f.instance OR e.repetition != f.repetition OR e."cast" != f."cast"
    OR (e.status IN ('playing', 'unfinished')
        AND coalesce((SELECT max(number) + 1 FROM run.events WHERE episode = e.id), 0) != f.events)
"""

REASON = "coalesce(CASE WHEN e.status = 'done' THEN e.reason ELSE coalesce(nullif(e.detail, ''), e.cause) END, '')"

# The last reply of an episode tells how many there were.
TURNS = """coalesce((SELECT ev.body ->> '$.turn' FROM run.events AS ev
    WHERE ev.episode = e.id AND ev.type = 'replied' AND json_valid(ev.body) ORDER BY ev.number DESC LIMIT 1), 0)"""

BY_SEAT = "(SELECT {what} FROM run.seats AS s WHERE s.episode = e.id AND s.score IS NOT NULL)"

FACTS = """
INSERT INTO main.facts (id, arena, experiment, instance, repetition, "cast", status, outcome, cause, reason, kind,
    variable1, variable2, variable3, blame, quality, score, by_seat, turns, requests, retries, tokens_in, tokens_out,
    tokens_cached, tokens, seconds, started, ended, flags, events)
SELECT e.id, e.arena, e.experiment, e.instance, e.repetition, e."cast", e.status,
    CASE e.status WHEN 'done' THEN e.outcome ELSE '' END, coalesce(e.cause, ''), {reason}, kind_of({reason}),
    variable({reason}, 0), variable({reason}, 1), variable({reason}, 2), coalesce(e.blame, ''), e.quality,
    coalesce(e.quality, {best}), nullif({by_seat}, '{{}}'), {turns}, count(r.turn), coalesce(sum(r.retries), 0),
    coalesce(sum(r.tokens_in), 0), coalesce(sum(r.tokens_out), 0),
    coalesce(sum(r.tokens_cached), 0), coalesce(sum(r.tokens_in + r.tokens_out), 0),
    CASE e.status WHEN 'done' THEN e.ended - e.started END, e.started, CASE e.status WHEN 'done' THEN e.ended END,
    coalesce(max(r.stop = 'length'), 0) * {cut} | coalesce(max(r.stop = 'thinking'), 0) * {thinking}
        | coalesce(max(r.stop = 'overflow'), 0) * {overflow} | (coalesce(sum(r.retries), 0) > 0) * {retried}
        | (coalesce(e.cause, '') = 'filtered') * {filtered},
    coalesce((SELECT max(number) + 1 FROM run.events WHERE episode = e.id), 0)
FROM temp.slice AS c CROSS JOIN run.episodes AS e ON e.id = c.id LEFT JOIN run.requests AS r ON r.episode = c.id
WHERE true GROUP BY c.id
ON CONFLICT (id) DO UPDATE SET
    arena = excluded.arena, experiment = excluded.experiment, instance = excluded.instance,
    repetition = excluded.repetition, "cast" = excluded."cast", status = excluded.status, outcome = excluded.outcome,
    cause = excluded.cause, reason = excluded.reason, kind = excluded.kind, blame = excluded.blame,
    variable1 = excluded.variable1, variable2 = excluded.variable2, variable3 = excluded.variable3,
    quality = excluded.quality, score = excluded.score, by_seat = excluded.by_seat, turns = excluded.turns,
    requests = excluded.requests, retries = excluded.retries, tokens_in = excluded.tokens_in,
    tokens_out = excluded.tokens_out, tokens_cached = excluded.tokens_cached, tokens = excluded.tokens,
    seconds = excluded.seconds, started = excluded.started, ended = excluded.ended,
    flags = excluded.flags | (flags & {reasked}), events = excluded.events
"""

PLAYERS = """
INSERT OR IGNORE INTO main.players
SELECT DISTINCT e."cast", s.agent FROM temp.slice AS c CROSS JOIN run.episodes AS e ON e.id = c.id
    JOIN run.seats AS s ON s.episode = c.id
"""

# Those that go on are read again when they have twice as many events, and when they have ended.
DUE = """
SELECT id, events FROM facts
WHERE id > ? AND texted < events AND (status != 'playing' OR events >= 2 * texted) ORDER BY id LIMIT ?
"""

TEXTS = """
INSERT INTO main.words (rowid, asked, said, thought)
SELECT c.doc,
    group_concat(CASE WHEN ev.type != 'replied' THEN ev.body ->> '$.content' END, char(10)),
    group_concat(CASE WHEN ev.type = 'replied'
        THEN (ev.body ->> '$.content') || coalesce(char(10) || (ev.body ->> '$.calls'), '') END, char(10)),
    group_concat(CASE WHEN ev.type = 'replied' THEN nullif(ev.body ->> '$.reasoning', '') END, char(10))
FROM temp.chunk AS c CROSS JOIN run.events AS ev ON ev.episode = c.id
WHERE ev.type IN ('asked', 'told', 'instructed', 'returned', 'replied') AND json_valid(ev.body) GROUP BY c.doc
"""

TOLD = """
UPDATE main.facts SET doc = found.doc, texted = found.events, rejected = found.rejected,
    flags = (flags & ~{reasked}) | found.reasked * {reasked}
FROM (SELECT c.id, c.doc, count(*) AS events, sum(ev.type = 'rejected') AS rejected,
        coalesce(min(CASE ev.type WHEN 'rejected' THEN ev.number END) < max(CASE ev.type WHEN 'asked' THEN ev.number END), 0)
            AS reasked
    FROM temp.chunk AS c CROSS JOIN run.events AS ev ON ev.episode = c.id GROUP BY c.id) AS found
WHERE main.facts.id = found.id
"""


@contextmanager
def attached(base: sqlite3.Connection, store: Path) -> Iterator[None]:
    """Read the store as `run` within the block, for reading only. It is let go of at the end."""
    base.execute("ATTACH ? AS run", (f"{store.absolute().as_uri()}?mode=ro",))
    try:
        yield
    finally:
        if base.in_transaction:
            base.rollback()
        base.execute("DETACH run")


def identity(base: sqlite3.Connection, store: Path) -> str:
    """Return what tells the attached store from those of other runs: when its first session began. One that was made of
    other results has none; that is told by its file.
    """
    began = base.execute("SELECT min(key) FROM run.meta WHERE key GLOB ? || '*'", (SESSION,)).fetchone()[0]
    return str(began) if began else f"file {store.stat().st_ino}"


def fill_facts(base: sqlite3.Connection, on_progress: Progress | None = None) -> int:
    """Write the facts of the episodes of the attached store that changed, and return how many did."""
    base.create_function("kind_of", 1, kind_of, deterministic=True)
    base.create_function("variable", 2, _variable, deterministic=True)
    _fresh_tables(base)
    base.execute("BEGIN")
    base.execute(CHANGED)
    base.execute("COMMIT")
    count = int(base.execute("SELECT count(*) FROM temp.changed").fetchone()[0])
    statement, has_seats = _facts_statement(base)
    for begin in range(0, count, SLICE):
        with base:
            base.execute("BEGIN IMMEDIATE")
            base.execute("DELETE FROM temp.slice")
            base.execute("INSERT INTO temp.slice SELECT id FROM temp.changed ORDER BY id LIMIT ? OFFSET ?", (SLICE, begin))
            base.execute(statement)
            if has_seats:
                base.execute(PLAYERS)
        if on_progress:
            on_progress(min(begin + SLICE, count), count)
    return count


def fill_texts(base: sqlite3.Connection, on_progress: Progress | None, stop: Callable[[], bool]) -> bool:
    """Write the texts of the episodes whose facts say that there are more, until `stop` says so.
    Return whether all were written.
    """
    _fresh_tables(base)
    total = int(base.execute("SELECT count(*) FROM facts").fetchone()[0])
    for index in INDEXES.split(";") if total > FEW else ():  # after the facts, so that a first page need not wait for them
        if not stop():
            base.execute(index)
    last = 0
    while not stop():
        with base:
            base.execute("BEGIN IMMEDIATE")
            due = _due(base, last)
            if due:
                _write_texts(base, due)
        if not due:
            return True
        last = due[-1]
        if on_progress:
            on_progress(texted(base), total)
    return False


def texted(base: sqlite3.Connection) -> int:
    """Return how many episodes have all their texts in the index, or none to put there."""
    return int(base.execute("SELECT count(*) FROM facts WHERE texted >= events").fetchone()[0])


def _due(base: sqlite3.Connection, last: int) -> list[int]:
    """Return the next episodes after the last one, so many that their events are a chunk."""
    chosen: list[int] = []
    events = 0
    for id_, count in base.execute(DUE, (last, CHUNK_EPISODES)):
        if chosen and events + count > CHUNK_EVENTS:
            break
        chosen.append(id_)
        events += count
    return chosen


def _write_texts(base: sqlite3.Connection, episodes: list[int]) -> None:
    first = int(base.execute("SELECT coalesce(max(doc), 0) + 1 FROM facts").fetchone()[0])
    base.execute("DELETE FROM temp.chunk")
    base.executemany("INSERT INTO temp.chunk VALUES (?, ?)", [(id_, first + place) for place, id_ in enumerate(episodes)])
    base.execute(TEXTS)
    base.execute(TOLD.format(reasked=BITS["re-asked"]))


def _fresh_tables(base: sqlite3.Connection) -> None:
    for name, columns in {"changed": "id INTEGER PRIMARY KEY", "slice": "id INTEGER PRIMARY KEY"}.items():
        base.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
        base.execute(f"DELETE FROM temp.{name}")
    base.execute("CREATE TEMP TABLE IF NOT EXISTS chunk (id INTEGER PRIMARY KEY, doc INTEGER NOT NULL)")


def _variable(reason: str, place: int) -> str | None:
    found = variables(reason)
    return found[place] if place < len(found) else None


def _facts_statement(base: sqlite3.Connection) -> tuple[str, bool]:
    """Return the statement that writes facts, and whether the store knows who sat where."""
    has_seats = bool(base.execute("SELECT count(*) FROM run.sqlite_master WHERE name = 'seats'").fetchone()[0])
    best, by_seat = (
        BY_SEAT.format(what=what) if has_seats else "NULL" for what in ("max(s.score)", "json_group_object(s.seat, s.score)")
    )
    bits = {name.replace("-", ""): bit for name, bit in BITS.items()}
    return FACTS.format(reason=REASON, best=best, by_seat=by_seat, turns=TURNS, **bits), has_seats
