"""Many runs and the characteristics of their models, played as one folder.

It analyses nothing.
"""
