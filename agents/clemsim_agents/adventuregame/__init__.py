"""Players of the text adventure."""
