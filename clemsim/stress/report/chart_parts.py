"""What the charts of a report share: colours, sizes, scales and data. All need Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from clemsim.html.palette import INK, LINE, SOFT

WIDTH = 640  # pixels of a panel


def few_ticks() -> Any:
    """Return an axis of few ticks."""
    import altair as alt  # noqa: PLC0415

    return alt.Axis(tickCount=5, format="~s")


def log_scale(values: Iterable[float], room: float = 1.15) -> Any:
    """Return a logarithmic scale of all values, with the factor `room` at both ends."""
    import altair as alt  # noqa: PLC0415

    values = list(values)
    return alt.Scale(type="log", domain=[min(values) / room, max(values) * room], nice=False)


def styled(chart: Any) -> Any:
    """Return a chart with the fonts and colours of all charts."""
    return (
        chart.configure_view(stroke=LINE)
        .configure_axis(titleFontSize=12, labelFontSize=11, gridColor=LINE, titleColor=INK, labelColor=INK)
        .configure_legend(labelFontSize=11, labelColor=INK, titleColor=INK)
        .configure_title(fontSize=14, subtitleFontSize=11, color=INK, subtitleColor=SOFT, anchor="start")
    )


def to_data(rows: Sequence[object]) -> Any:
    """Return the data of a chart from rows, which are dataclasses or mappings."""
    import altair as alt  # noqa: PLC0415

    values = [asdict(row) if is_dataclass(row) and not isinstance(row, type) else row for row in rows]
    return alt.Data(values=values)  # type: ignore[no-untyped-call]
