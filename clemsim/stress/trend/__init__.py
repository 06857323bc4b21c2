"""Reports of many stress tests over time: which belong together, and how their figures went.

It makes no load, and knows of a test only what its report says.
"""
