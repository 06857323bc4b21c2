"""The colours of drawings on white paper. The style sheet has the same for pages, where each has a counterpart in the dark.

They differ in lightness as in hue, so that all kinds of colour vision tell them apart (after Okabe and Ito 2008), and have a
contrast of at least 4.5 with white (WCAG 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BLUE, ORANGE, GREEN, PURPLE, VIOLET, OLIVE = SERIES = ("#0072b2", "#a85200", "#00795a", "#a2406f", "#5b51a8", "#6b5b00")
INK, SOFT, LINE = "#1d2128", "#555d69", "#d9dde3"
ON_DEEP, ON_PALE = "#fefefe", "#101418"  # text on a coloured cell, which is the same in light and dark
GREYS: Mapping[str, Sequence[str]] = {
    "ink": (INK, "#000", "#000000", "black", "#333"),  # the others are those of Vega itself
    "soft": (SOFT, "#888"),
    "line": (LINE, "#ddd"),
}
