"""Makes the load: conversations, trace replay, the check of answers.

It computes no metric.
"""
