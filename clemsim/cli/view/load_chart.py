"""Pictures of a run, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from clemsim._util.extras import library
from clemsim._util.files import write_text, writing_file
from clemsim.errors import UsageError
from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.html.palette import INK, LINE, SERIES
from clemsim.html.pictures import on_page
from clemsim.results.diagnostics import by_server

KINDS = (".svg", ".png", ".html")
TITLE = "Width and load over time"
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
    """Raise UsageError unless a picture can be drawn into `path`."""
    if path.suffix not in KINDS:
        raise UsageError(f"{path}: name a picture that ends in {', '.join(KINDS)}")
    for name in ("altair", "vl_convert"):
        library(name, "pictures", "drawing")


def draw_loads(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw width, episodes and turns in flight, the server's queue, its tokens per second and KV cache over the time of a
    run into `path`. Raises UsageError and StoreError.
    """
    import altair as alt  # noqa: PLC0415

    if not rows:
        raise UsageError("this run has no history of its width: it was not played with a server that it steered")
    first, last = rows[0]["at"], rows[-1]["at"]
    unit, seconds = ("minutes", 60) if last - first > SHORT else ("seconds", 1)
    servers = [{**row, "time": (row["at"] - first) / seconds} for row in by_server(rows)]
    long = [
        {"time": row["time"], "server": row["server"], "what": label, "value": row[name]}
        for row in servers
        for name, label in COUNTS.items()
        if row[name] is not None
    ]
    time = alt.X("time:Q", title=f"{unit} since {datetime.fromtimestamp(first):%Y-%m-%d %H:%M}")
    several = len({row["server"] for row in servers}) > 1
    dash = {"strokeDash": alt.StrokeDash("server:N", title="server")} if several else {}
    size = {"width": WIDTH, "height": HEIGHT}
    counts = alt.Chart(_data(long)).mark_line(interpolate="step-after").properties(**size)
    colours = alt.Color("what:N", title=None, sort=list(COUNTS.values()))
    panels = [counts.encode(x=time, y=alt.Y("value:Q", title="count"), color=colours, **dash)]
    if len({row["agent"] for row in rows}) > len({row["server"] for row in servers}):
        shares = [{**row, "time": (row["at"] - first) / seconds} for row in rows]
        areas = alt.Chart(_data(shares)).mark_area(interpolate="step-after").properties(**size)
        agents = alt.Color("agent:N", title=None)
        panels.append(areas.encode(x=time, y=alt.Y("in_flight:Q", title="turns in flight by agent"), color=agents))
    for name, title in RATES.items():
        if any(row[name] is not None for row in servers):
            share: Any = {} if name == "tokens_per_second" else {"axis": alt.Axis(format="%")}
            panel = alt.Chart(_data(servers)).mark_line(color=SERIES[0]).properties(**size)
            panels.append(panel.encode(x=time, y=alt.Y(f"{name}:Q", title=title, **share), **dash))
    chart = alt.vconcat(*panels).resolve_scale(color="independent")
    style: Any = {"titleColor": INK, "labelColor": INK, "labelFontSize": 11}
    chart = chart.configure_view(stroke=None).configure_axis(titleFontSize=12, gridColor=LINE, **style)
    chart = chart.configure_legend(**style).configure_range(category=list(SERIES))
    with writing_file(path):
        if path.suffix == ".html":
            write_text(path, _page(chart))
        else:
            chart.save(str(path), **({"ppi": 144} if path.suffix == ".png" else {}))


def _page(chart: Any) -> str:
    """Return a chart as a page that needs nothing else."""
    import vl_convert  # noqa: PLC0415 (an extra, slow to import)

    drawn = on_page(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]), TITLE)
    return render("picture.html", frame=Frame(TITLE, inline=True), figure=drawn)


def _data(rows: Sequence[dict[str, Any]]) -> Any:
    """Return rows as the data of a chart."""
    import altair as alt  # noqa: PLC0415

    return alt.Data(values=rows)  # type: ignore[no-untyped-call]
