"""Numbers out of a record: scores, intervals, tests, summary, diagnostics, data frames.

It plays no episode and prints nothing.
"""
