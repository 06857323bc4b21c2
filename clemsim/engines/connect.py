"""One network policy for the three HTTP clients: httpx, aiohttp and `Http11Transport`.

httpx carries the control plane (what a server is, whether it answers), aiohttp the turns over TLS, and `Http11Transport`
the turns to plain addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import SSLContext

import httpx


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """How a server is reached, whichever client sends the request."""

    headers: Mapping[str, str] = field(default_factory=dict)  # sent with every request
    connect_timeout: float = 30.0  # seconds to open a connection for turns
    control_timeout: float = 10.0  # seconds for each step of a request of the control plane: connect, write, read
    tls: SSLContext | None = None  # None: the server's certificate is verified in the client's default way
    trust_env: bool = False  # whether httpx and aiohttp use the proxies and passwords of the environment


def control_client(policy: NetworkPolicy) -> httpx.AsyncClient:
    """Return a client for the control plane. The caller closes it."""
    return httpx.AsyncClient(
        headers=policy.headers,
        timeout=policy.control_timeout,
        verify=policy.tls or True,
        trust_env=policy.trust_env,
    )
