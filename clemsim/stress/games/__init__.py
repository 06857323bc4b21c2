"""Games that only make load: talk and recall.

They measure no skill.
"""
