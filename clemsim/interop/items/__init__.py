"""Results of other tools, item by item, as runs: Inspect, lm-evaluation-harness, every-eval-ever, tau2, plain tables.

It knows scores, not dialogues: such a run can be compared and analysed, not replayed.
"""
