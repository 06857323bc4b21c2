"""The parts of the terminal output: tables, progress, transcripts, charts of a run.

It reads no store.
"""
