"""Altair specifications, and the layout of names in them. No other package imports Altair but for marks of its own."""
