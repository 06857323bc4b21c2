"""Arenas as environments of other frameworks, for training and for their players: PettingZoo, Gymnasium, OpenEnv, verifiers.

It schedules nothing: whoever uses an environment moves it. Servers are called for the agents in other seats alone.
"""
