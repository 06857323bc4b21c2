"""One network policy for the three HTTP clients: httpx, aiohttp and `Http11Transport`.

httpx carries the control plane (what a server is, whether it answers), aiohttp the turns over TLS or through a proxy, and
`Http11Transport` the turns straight to plain addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from types import MappingProxyType
from typing import Any

import httpx

from clemsim.engines.proxies import Proxy, find_proxy
from clemsim.engines.secret_values import Secrets
from clemsim.engines.tls import default_context

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How the servers of a run are reached. It is no part of what a run plays, so a run may be resumed with other ones.

    Times in seconds. `timeout`: for one attempt, until the whole reply is there. `idle_timeout`: without a byte from the
    server, which sends none before the reply is complete; None: no such limit. `patience`: how long a server that is lost
    while a run goes on is waited for. `ca_file`: certificates (PEM) that are trusted besides the usual ones. `headers`:
    names and values that are sent with every request; the values are secrets. `proxies`: use those that the environment
    names. `session_header`: the header that names the conversation, by which routers keep it on one server.
    """

    timeout: float = 600.0
    idle_timeout: float | None = None
    patience: float = 120.0
    ca_file: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxies: bool = True
    session_header: str = "X-Session-ID"

    def local(self) -> NetworkOptions:
        """Return the same options for a server that was started here: no proxy, and none of the headers meant for others."""
        return replace(self, headers=(), proxies=False)


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """How one server is reached, whichever client sends the request."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # sent with every request
    connect_timeout: float = 30.0  # seconds to open a connection for turns
    control_timeout: float = 10.0  # seconds for each step of a request of the control plane: connect, write, read
    idle_timeout: float | None = None  # seconds without a byte while a reply to a turn is awaited
    tls: SSLContext | None = None  # None: the certificates that this machine trusts
    proxy: Proxy | None = None  # what the request goes through


def policy_for(url: str, options: NetworkOptions, authorization: Mapping[str, str] = NO_HEADERS) -> NetworkPolicy:
    """Return the policy for the server of an address. `authorization`: the headers that carry its key. Raises UsageError for
    a proxy or a certificate file that cannot be used.
    """
    proxy = find_proxy(url) if options.proxies else None
    encrypted = url.startswith("https:") or (proxy is not None and proxy.url.startswith("https:"))
    extra = dict(options.headers)
    named = {name.lower() for name in extra}
    given = {name: value for name, value in authorization.items() if name.lower() not in named}
    return NetworkPolicy(
        headers={"Content-Type": "application/json", **given, **extra},
        idle_timeout=options.idle_timeout,
        tls=default_context(options.ca_file) if encrypted or options.ca_file else None,
        proxy=proxy,
    )


def secrets_of(policy: NetworkPolicy, options: NetworkOptions, key: str) -> Secrets:
    """Return what must never be shown of all that is sent under a policy: the key, extra headers, the proxy's password."""
    values = [key, *(value for _, value in options.headers)]
    return Secrets([*values, policy.proxy.password] if policy.proxy else values)


def control_client(policy: NetworkPolicy) -> httpx.AsyncClient:
    """Return a client for the control plane. The caller closes it."""
    tls = policy.tls or default_context()
    proxy: dict[str, Any] = {}
    if policy.proxy:
        auth = (policy.proxy.user, policy.proxy.password) if policy.proxy.user else None
        proxy["proxy"] = httpx.Proxy(policy.proxy.url, auth=auth, ssl_context=_for_proxy(policy.proxy, tls))
    return httpx.AsyncClient(
        headers=policy.headers, timeout=policy.control_timeout, verify=tls, trust_env=False, follow_redirects=False, **proxy
    )


def _for_proxy(proxy: Proxy, tls: SSLContext) -> SSLContext | None:
    return tls if proxy.url.startswith("https:") else None
