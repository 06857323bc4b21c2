"""Numbers out of a record: scores, intervals, tests, summary, diagnostics, data frames.

It plays nothing and prints nothing.
"""
