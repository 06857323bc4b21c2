"""Histograms as Prometheus has them, with vLLM's bounds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

# Upper bounds of vLLM 0.32's families (`vllm/v1/metrics/buckets.py`), in seconds: of first tokens, of all else that happens
# once per request, and of what happens with every token.
FIRST_TOKENS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0),
    *(2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0),
)
REQUESTS = (
    *(0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0),
    *(30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0),
)
TOKENS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0)


def token_counts(most: int) -> tuple[int, ...]:
    """Return the bounds for numbers of tokens: 1, 2, 5, 10, 20, 50 and so on, as far as `most`, the model's context."""
    bounds = (mantissa * 10**power for power in range(len(str(most))) for mantissa in (1, 2, 5))
    return tuple(bound for bound in bounds if bound <= most)


class MetricsHistogram:
    """Counts of values up to each bound, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Take the upper bounds of the buckets, in ascending order."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float, times: int = 1) -> None:
        """Count a value, `times` times."""
        self._counts[bisect_left(self._bounds, value)] += times
        self._sum += value * times

    def lines(self, name: str, label: str) -> list[str]:
        """Return the lines of the histogram on a metrics page."""
        totals = list(accumulate(self._counts))
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        buckets = [
            f'{name}_bucket{{{label},le="{bound}"}} {float(total)}' for bound, total in zip(bounds, totals, strict=True)
        ]
        ends = [f"{name}_count{{{label}}} {float(totals[-1])}", f"{name}_sum{{{label}}} {self._sum}"]
        return [f"# TYPE {name} histogram", *buckets, *ends]
