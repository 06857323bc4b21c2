"""Turns what was seen into metrics: segments, stages, knee, verdict.

It sends nothing and draws nothing.
"""
