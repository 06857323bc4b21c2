"""Reply formats, for authors of games: sets of replies that decoding can be held to."""

from clemsim.game.formats import Format, cell, either, lattice, letters, line, literal, one_of, sequence, several

__all__ = ["Format", "cell", "either", "lattice", "letters", "line", "literal", "one_of", "sequence", "several"]
