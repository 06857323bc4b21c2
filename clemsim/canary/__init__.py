"""Canary: is this serving stack still good? The same episodes are played on two of them and compared pair by pair.

The two arms are ordinary runs, played side by side (`arms`), one before and one after, or one alone and one under load.
After each block of pairs the intervals of `measures` are looked at; they hold at all looks together, so the play ends as
soon as all is answered. The package knows no server and no model, only runs and what came of them.
"""
