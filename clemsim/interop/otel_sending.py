"""Spans of a finished run, sent to a collector over OTLP/HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx
import orjson

from clemsim.errors import UsageError
from clemsim.interop.otel import otel_lines

MOST = 2**20  # bytes of one request; a longer episode is one of its own
TIMEOUT = 30.0  # seconds
PLACE = "/v1/traces"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"


def send_otel(folder: Path, to: str | None, *, trust: bool = False) -> str:
    """Send the spans of a run to the collector at an address, such as http://127.0.0.1:4318, and return a line that says so.

    Headers, keys among them, are those of OTEL_EXPORTER_OTLP_HEADERS (`name=value,name=value`). Raises UsageError where it
    cannot be reached or refuses, and what `write_otel` raises.
    """
    url = _endpoint(to or "")
    shown = without_user(url)
    episodes = requests = 0
    with httpx.Client(timeout=TIMEOUT, headers=_headers()) as client:
        for count, body in _bodies(otel_lines(folder, trust=trust)):
            _post(client, url, shown, body)
            episodes, requests = episodes + count, requests + 1
    return f"{episodes} episodes sent to {shown} ({requests} {'request' if requests == 1 else 'requests'})"


def _endpoint(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--to {without_user(address)}: give the address of a collector, such as http://127.0.0.1:4318")
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path if path.endswith(PLACE) else f"{path}{PLACE}", parts.query, ""))


def without_user(address: str) -> str:
    """Return an address without a user's name, password and query, to be shown."""
    user, at, _ = urlsplit(address).netloc.rpartition("@")
    return address.partition("?")[0].replace(f"{user}{at}", "", 1) if at else address.partition("?")[0]


def _headers() -> dict[str, str]:
    pairs = (each.partition("=") for each in os.environ.get(HEADERS, "").split(",") if "=" in each)
    return {
        "content-type": "application/json",
        **{unquote(name.strip()): unquote(value.strip()) for name, _, value in pairs},
    }


def _bodies(lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, bytes]]:
    """Yield requests, each with the number of episodes in it."""
    parts: list[bytes] = []
    size = 0
    for line in lines:
        part = orjson.dumps(line["resourceSpans"])[1:-1]
        if parts and size + len(part) > MOST:
            yield len(parts), _body(parts)
            parts, size = [], 0
        parts.append(part)
        size += len(part)
    if parts:
        yield len(parts), _body(parts)


def _body(parts: Iterable[bytes]) -> bytes:
    return b'{"resourceSpans":[' + b",".join(parts) + b"]}"


def _post(client: httpx.Client, url: str, shown: str, body: bytes) -> None:
    try:
        answer = client.post(url, content=body)
    except httpx.HTTPError as error:
        raise UsageError(f"{shown} cannot be reached ({type(error).__name__}): is a collector listening there?") from None
    if answer.status_code >= 400:
        raise UsageError(f"{shown} refused the spans: HTTP {answer.status_code}{_why(client, answer)}")
    rejected = _rejected(answer)
    if rejected:
        raise UsageError(f"{shown} took all but {rejected} spans of a request{_why(client, answer)}")


def _why(client: httpx.Client, answer: httpx.Response) -> str:
    """Return what a collector says, cut to what fits a line, without the values of headers that were sent."""
    text = " ".join(answer.text.split())
    for value in (client.headers[name] for name in _headers() if name != "content-type"):
        text = text.replace(value, "***")
    return f": {text[:200]}" if text and text.isprintable() else ""


def _rejected(answer: httpx.Response) -> int:
    """Return how many spans of a request were not taken."""
    if "json" not in answer.headers.get("content-type", ""):
        return 0
    try:
        data = orjson.loads(answer.content or b"{}")
        return int((data.get("partialSuccess") or {}).get("rejectedSpans") or 0)
    except (ValueError, AttributeError, TypeError):
        return 0
