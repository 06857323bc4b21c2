"""What a real vLLM 0.32 said of itself, twice a second, in the first moments of a run on a server that had just started
(SmolLM2-135M on two cores, 64 seats). `clemsim run --width auto` cut itself to 2-5 turns on readings like these.

A row: requests running, requests waiting, steps of the engine, generated tokens, requests finished since the row before.
"""

from __future__ import annotations

Row = tuple[int, int, int, int, int]

# 24 turns in flight (taboo, constrained): the second step computes 23 prompts and lasts five seconds.
ONE_LONG_STEP: list[Row] = [
    *[(0, 24, 1, 1, 0)] * 4,
    *[(1, 23, 2, 2, 0)] * 9,
    *[(24, 0, 4, 50, 0), (21, 0, 11, 209, 3), (0, 3, 15, 291, 21), (3, 0, 24, 318, 0), (1, 0, 27, 325, 3)],
    *[(1, 0, 38, 356, 3), (3, 0, 43, 370, 0), (1, 0, 50, 389, 3), (3, 0, 56, 405, 1), (1, 0, 64, 424, 2)],
]

# 35 turns in flight (suite quick): three long steps, one after the other, each of which lets some in.
SEVERAL_LONG_STEPS: list[Row] = [
    *[(0, 35, 1, 1, 0)] * 6,
    *[(1, 34, 2, 2, 0)] * 12,
    *[(18, 17, 3, 19, 0)] * 9,
    *[(25, 10, 4, 43, 0)] * 4,
    *[(34, 0, 7, 148, 1), (19, 0, 12, 300, 15), (20, 0, 13, 321, 1), (20, 0, 13, 321, 0), (21, 0, 14, 344, 2)],
]

# 64 turns in flight (taboo and referencegame): eight steps of 3-5 s, each of which lets seven in. How many requests had
# finished by the last row is an estimate.
MANY_LONG_STEPS: list[Row] = [
    *[(0, 64, 1, 1, 0)] * 7,
    *[(1, 63, 2, 2, 0)] * 9,
    *[(17, 47, 3, 18, 0)] * 6,
    *[(24, 40, 4, 41, 0)] * 8,
    *[(31, 33, 5, 71, 0)] * 5,
    *[(37, 27, 6, 107, 0)] * 8,
    *[(43, 21, 7, 149, 0)] * 16,
    *[(49, 14, 8, 198, 0)] * 7,
    *[(56, 7, 9, 253, 0)] * 7,
    *[(62, 2, 10, 314, 0)] * 3,
    *[(55, 0, 12, 438, 9)] * 7,
]
