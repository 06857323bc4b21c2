"""Scripted players of imagegame."""
