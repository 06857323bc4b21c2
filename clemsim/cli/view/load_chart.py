"""Pictures of a run, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from clemsim._util.extras import library
from clemsim._util.files import writing_file
from clemsim.errors import UsageError

KINDS = (".svg", ".png", ".html")
WIDTH, HEIGHT = 720, 150  # pixels of one panel
SHORT = 180  # seconds; a run that lasted longer is drawn in minutes
COUNTS = {
    "width": "width",
    "in_flight": "turns in flight",
    "started": "started episodes",
    "running": "running at the server",
    "waiting": "waiting at the server",
}
RATES = {"tokens_per_second": "tokens per second", "kv_usage": "KV cache in use", "prefix_hits": "found in the cache"}


def check_picture(path: Path) -> None:
    """Raise UsageError unless such a picture can be drawn."""
    if path.suffix not in KINDS:
        raise UsageError(f"{path}: name a picture that ends in {', '.join(KINDS)}")
    for name in ("altair", "vl_convert"):
        library(name, "pictures", "drawing")


def draw_loads(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Width, episodes and turns in flight, the server's queue, its tokens per second and KV cache, over the time of a
    run. Raises UsageError and StoreError.
    """
    import altair as alt  # noqa: PLC0415

    if not rows:
        raise UsageError("this run has no history of its width: it was not played with a server that it steered")
    first, last = rows[0]["at"], rows[-1]["at"]
    unit, seconds = ("minutes", 60) if last - first > SHORT else ("seconds", 1)
    long = [
        {"time": (row["at"] - first) / seconds, "agent": row["agent"], "what": label, "value": row[name]}
        for row in rows
        for name, label in COUNTS.items()
        if row[name] is not None
    ]
    points = [{**row, "time": (row["at"] - first) / seconds} for row in rows]
    time = alt.X("time:Q", title=f"{unit} since {datetime.fromtimestamp(first):%Y-%m-%d %H:%M}")
    several = len({row["agent"] for row in rows}) > 1
    dash = {"strokeDash": alt.StrokeDash("agent:N", title="agent")} if several else {}
    size = {"width": WIDTH, "height": HEIGHT}
    counts = alt.Chart(_data(long)).mark_line(interpolate="step-after").properties(**size)
    colours = alt.Color("what:N", title=None, sort=list(COUNTS.values()))
    panels = [counts.encode(x=time, y=alt.Y("value:Q", title="count"), color=colours, **dash)]
    for name, title in RATES.items():
        if any(row[name] is not None for row in rows):
            share: Any = {} if name == "tokens_per_second" else {"axis": alt.Axis(format="%")}
            some = alt.Chart(_data(points)).mark_line(color="#4c78a8").properties(**size)
            panels.append(some.encode(x=time, y=alt.Y(f"{name}:Q", title=title, **share), **dash))
    chart = alt.vconcat(*panels).configure_view(stroke=None).configure_axis(titleFontSize=12, labelFontSize=11)
    with writing_file(path):
        chart.save(str(path), **({"ppi": 144} if path.suffix == ".png" else {}))


def _data(rows: Sequence[dict[str, Any]]) -> Any:
    """Rows for a chart."""
    import altair as alt  # noqa: PLC0415

    return alt.Data(values=rows)  # type: ignore[no-untyped-call]
