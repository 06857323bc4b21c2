"""Scripted players of taboo."""
