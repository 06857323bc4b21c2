"""Plays many runs, with the characteristics of their models, as one folder.

It analyses nothing.
"""
