"""What a stress test does: load shapes, mix of games, limits, guardrails.

It sends nothing.
"""
