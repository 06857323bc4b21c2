"""Plays clembench's own game masters unmodified, as arenas named `clembench:CHECKOUT/GAME`.

It changes no rule: what a game master gives to a player is what a seat is asked, and the game's own scorer scores.
"""
