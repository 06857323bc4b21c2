"""Runs episodes: agents, moderator, scheduler, turn gates, width control, limits.

It knows no server, only what agents say of theirs, and it stores and scores nothing.
"""
