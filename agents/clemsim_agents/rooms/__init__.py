"""Players of the textmapworld games."""
