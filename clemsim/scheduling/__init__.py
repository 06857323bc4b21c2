"""Scheduling: which episodes and turns are in flight, and how many. Knows no server, only what agents say of theirs."""
