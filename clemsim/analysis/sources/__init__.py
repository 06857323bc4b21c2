"""Reads runs, studies and published tables into one `Evidence`."""
