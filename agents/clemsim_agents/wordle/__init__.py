"""Scripted players of wordle."""
