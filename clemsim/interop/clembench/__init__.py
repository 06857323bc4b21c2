"""clembench's checkouts, recorded episodes and results, in and out.

It knows no single game: each game's port lies beside the game.
"""
