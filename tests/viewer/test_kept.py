"""What took long is computed once, until what it was computed from changes."""

from __future__ import annotations

from clemsim.viewer.kept import MOST, Kept


def test_a_result_is_kept_as_long_as_its_stamp() -> None:
    kept, made = Kept(), list[int]()

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [kept.of("a", 1, make), kept.of("a", 1, make), kept.of("a", 2, make)] == [0, 0, 1]
    for number in range(MOST):
        kept.of(number, 0, make)
    assert kept.of("a", 2, make) == made[-1], "the oldest result was given up"
