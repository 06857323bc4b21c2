"""Plays a run in many processes, on Ray.

Only the process that holds the run writes its store.
"""
