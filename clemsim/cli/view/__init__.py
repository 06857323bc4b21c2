"""What the terminal shows: tables, progress, transcripts, charts of a run.

It reads no store.
"""
