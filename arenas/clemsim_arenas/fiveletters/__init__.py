"""The shared part of the three wordle games: the marks of a guess, the form of a reply, the word lists."""
