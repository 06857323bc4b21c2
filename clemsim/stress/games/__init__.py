"""Games that make load and nothing else: talk and recall.

They measure no skill.
"""
