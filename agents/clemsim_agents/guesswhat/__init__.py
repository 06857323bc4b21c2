"""Players of guesswhat."""
