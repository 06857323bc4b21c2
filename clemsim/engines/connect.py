"""Chooses the transport for an address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from clemsim.engines.http11 import Http11Transport
from clemsim.engines.transport import AiohttpTransport, Transport


def transport(url: str, headers: Mapping[str, str]) -> Transport:
    """The way to an address."""
    return Http11Transport(url, headers) if urlsplit(url).scheme == "http" else AiohttpTransport(url, headers)
