"""A page of the running test's own figures for Prometheus, as a soak of hours needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from clemsim._util.histogram import Histogram
from clemsim.errors import UsageError
from clemsim.stress.measure.collector import Collector

RECENT = 10  # segments that percentiles are taken from
PERCENTS = (50, 90, 99)


@asynccontextmanager
async def serving_metrics(collector: Collector, port: int | None, host: str = "127.0.0.1") -> AsyncIterator[None]:
    """Serve `/metrics` at the port within this context; None: not. Raises UsageError where the port cannot be used."""
    if port is None:
        yield
        return

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=exposition(collector), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.router.add_get("/metrics", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise UsageError(f"--metrics-port {port} cannot be used: choose another ({error.strerror})") from error
        yield
    finally:
        await runner.cleanup()


def exposition(collector: Collector) -> str:
    """Return the page: what is under way, totals since the beginning, and recent latencies in seconds."""
    segments = collector.segments
    failed: Counter[str] = sum((segment.failed for segment in segments), Counter())
    gauges = {"conversations": collector.under_way, "turns_in_flight": collector.in_flight}
    totals = {
        "turns": sum(segment.turns for segment in segments),
        "turns_in_slo": sum(segment.turns_in_slo for segment in segments),
        "conversations_ended": sum(segment.ended for segment in segments),
        "input_tokens": sum(segment.tokens_in for segment in segments),
        "output_tokens": sum(segment.tokens_out for segment in segments),
        "cached_tokens": sum(segment.tokens_cached for segment in segments),
    }
    lines = [line for name, value in gauges.items() for line in _lines(name, "gauge", [("", value)])]
    lines += [line for name, value in totals.items() for line in _lines(f"{name}_total", "counter", [("", value)])]
    lines += _lines("failed_turns_total", "counter", [(f'{{cause="{_escaped(cause)}"}}', n) for cause, n in failed.items()])
    for name in ("ttft", "itl", "turn"):
        recent = Histogram()
        for segment in segments[-RECENT:]:
            recent.merge(getattr(segment.latencies, name))
        values = [(f'{{quantile="{percent / 100:g}"}}', recent.percentile(percent)) for percent in PERCENTS]
        lines += _lines(f"{name}_seconds", "gauge", [(label, value) for label, value in values if value is not None])
    return "\n".join(lines) + "\n"


def _lines(name: str, kind: str, values: list[tuple[str, float]]) -> list[str]:
    full = f"clemsim_stress_{name}"
    return [f"# TYPE {full} {kind}", *(f"{full}{label} {float(value)}" for label, value in values)] if values else []


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
