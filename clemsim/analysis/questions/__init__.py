"""The paper's nine analyses, a to i, and what goes past them: one module each, from evidence to tables, sentences and
figures.
"""
