"""Scripted players of referencegame."""
