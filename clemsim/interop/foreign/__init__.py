"""What games of other frameworks have in common when they are played as they are.

It knows no framework, and no rules of a game.
"""
