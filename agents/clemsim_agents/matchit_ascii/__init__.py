"""Players of matchit_ascii."""
