"""Describes a stress test before it runs: load shapes, mix of games, limits, guardrails.

It sends nothing.
"""
