"""Scripted players of the wordle games."""
