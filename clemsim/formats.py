"""Reply formats, for authors of games: sets of replies that decoding can be held to."""

from clemsim.game.formats import (
    Format,
    cell,
    characters,
    either,
    lattice,
    letters,
    line,
    literal,
    one_of,
    repeated,
    sequence,
)

__all__ = [
    "Format",
    "cell",
    "characters",
    "either",
    "lattice",
    "letters",
    "line",
    "literal",
    "one_of",
    "repeated",
    "sequence",
]
