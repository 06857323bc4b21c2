"""What the two grid games share: grids as text, and how to draw them."""
