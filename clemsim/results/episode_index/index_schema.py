"""The schema of the index: facts and texts, which all can be made anew from the store."""

from __future__ import annotations

VERSION = 1  # of what is below and of what is written into it; an index of another one is made anew

SCHEMA = f"""
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE facts (
    id INTEGER PRIMARY KEY,                 -- as in the store
    arena TEXT NOT NULL, experiment TEXT NOT NULL, instance TEXT NOT NULL, repetition INTEGER NOT NULL,
    "cast" TEXT NOT NULL, status TEXT NOT NULL,
    outcome TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL, kind TEXT NOT NULL, blame TEXT NOT NULL, -- '': none
    variable1 TEXT, variable2 TEXT, variable3 TEXT, -- what `kind` leaves out of `reason`
    quality REAL, score REAL, by_seat TEXT, -- JSON
    turns INTEGER NOT NULL, requests INTEGER NOT NULL, retries INTEGER NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, tokens_cached INTEGER NOT NULL, tokens INTEGER NOT NULL,
    seconds REAL, started REAL, ended REAL,
    flags INTEGER NOT NULL, rejected INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL,                -- that the store had when this row was written
    texted INTEGER NOT NULL DEFAULT 0,      -- events that are in the document
    doc INTEGER);                           -- its document in `words`; documents that no row names are old
CREATE TABLE players ("cast" TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY ("cast", agent)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
    asked, said, thought, content='', columnsize=0, tokenize="unicode61 remove_diacritics 2");
PRAGMA user_version={VERSION};
"""

VARIABLES = ("variable1", "variable2", "variable3")  # further ones are never told

# Columns by which lists are sorted, by the name that filters use, and whether rows may have none.
SORTS: dict[str, tuple[str, bool]] = {
    "id": ("id", False),
    "agent": ('"cast"', False),
    "arena": ("arena", False),
    "experiment": ("experiment", False),
    "instance": ("instance", False),
    "status": ("status", False),
    "outcome": ("outcome", False),
    "reason": ("reason", False),
    "blame": ("blame", False),
    "score": ("score", True),
    "turns": ("turns", False),
    "requests": ("requests", False),
    "retries": ("retries", False),
    "tokens": ("tokens", False),
    "tokens_in": ("tokens_in", False),
    "tokens_out": ("tokens_out", False),
    "tokens_cached": ("tokens_cached", False),
    "seconds": ("seconds", True),
    "started": ("started", True),
    "ended": ("ended", True),
    "flags": ("flags", False),
    "rejected": ("rejected", False),
}

INDEXES = "".join(
    f"CREATE INDEX IF NOT EXISTS by_{name} ON facts ({column});" for name, (column, _) in SORTS.items() if name != "id"
) + (
    "CREATE INDEX IF NOT EXISTS by_kind ON facts (kind);"
    "CREATE INDEX IF NOT EXISTS by_doc ON facts (doc);"
    # all that a table of endings asks for, in its order
    'CREATE INDEX IF NOT EXISTS by_ending ON facts ("cast", arena, outcome, status, kind, blame, reason, '
    f"{', '.join(VARIABLES)});"
)
