"""The type of an interval, and the quantile of the normal distribution for 95 %."""

from __future__ import annotations

Z = 1.959963984540054  # two-sided 95 %

Interval = tuple[float, float]  # its two ends
