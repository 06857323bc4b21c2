"""What the three wordle games share: the marks of a guess, the form of a reply, the word lists."""
