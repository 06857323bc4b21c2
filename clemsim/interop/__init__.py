"""Other people's formats: clembench's checkouts and results, JSON lines, Parquet, traces.

It plays no new episode.
"""
