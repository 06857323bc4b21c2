"""The shared part of the two grid games: grids as text, and kinds of grids to draw from."""
