"""The report of a stress test: JSON, CSV, terminal, HTML, charts, comparison.

It measures nothing.
"""
