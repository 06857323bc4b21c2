"""One run, from its configuration to its summary: prepare, play, resume, replay, branch, rescore.

It knows no terminal and no other run.
"""
