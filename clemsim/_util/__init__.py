"""Help that any part of clemsim may need: files, tasks, extras, text.

It knows nothing of games, models or runs.
"""
