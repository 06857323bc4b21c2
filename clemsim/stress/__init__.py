"""Load-tests a serving stack with games: how much it sustains, where it bends, whether its answers stay good.

It keeps no transcripts.
"""
