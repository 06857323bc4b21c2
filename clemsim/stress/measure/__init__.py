"""Turns what was seen into metrics: segments, stages, timeline, knee, verdict.

It sends no load and draws nothing.
"""
