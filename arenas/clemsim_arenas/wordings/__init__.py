"""Games in several languages, whose instances may bring the words in which they are played."""
