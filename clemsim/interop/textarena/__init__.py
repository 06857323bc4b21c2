"""Plays the environments of TextArena unmodified, as arenas named `textarena:ENV`.

It changes no rule: what an environment says is what a seat is asked, and its rewards are the scores.
"""
