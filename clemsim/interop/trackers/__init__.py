"""Finished runs in trackers of experiments (MLflow, Weights & Biases): a tracker's run for each agent of a run.

It hooks into no run that is played, and never asks for a key nor shows one: the trackers' own packages read theirs.
"""
