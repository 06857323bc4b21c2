"""The report of a stress test: JSON, terminal, HTML, charts, comparison.

It measures nothing.
"""
