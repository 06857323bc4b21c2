"""Arenas as environments of other frameworks, for training and for their players: PettingZoo and Gymnasium.

It schedules nothing and calls no server: whoever uses an environment moves it.
"""
