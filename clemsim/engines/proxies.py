"""The proxies that the environment names: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and NO_PROXY, read as curl reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from clemsim.errors import UsageError


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: its address without name and password, which are sent to it alone."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)


def find_proxy(url: str) -> Proxy | None:
    """Return the proxy for an address; None: it is reached straight. Raises UsageError for a proxy that cannot be used.

    No address is exempt by itself, the loopback address neither: NO_PROXY says what is.
    """
    parts = urlsplit(url)
    proxies: dict[str, str] = getproxies_environment()
    text = proxies.get(parts.scheme) or proxies.get("all")
    if not text or _exempt(parts.hostname or "", parts.port, proxies.get("no", "")):
        return None
    return parse_proxy(text)


def _exempt(host: str, port: int | None, no_proxy: str) -> bool:
    """Return whether NO_PROXY names a host: itself, a domain that it is in, its network (10.0.0.0/8), or `*`."""
    for entry in no_proxy.lower().split(","):
        name = entry.strip().lstrip(".")
        if name and (name in ("*", host, f"{host}:{port}") or host.endswith(f".{name}") or _is_within(host, name)):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return "/" in network and ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def parse_proxy(text: str) -> Proxy:
    """Return the proxy at an address such as `http://name:password@host:3128`. Raises UsageError without showing it."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        raise UsageError("the address of the proxy in the environment is wrong: give one as in http://host:3128") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"a proxy of kind {parts.scheme or '?'} cannot be used: set HTTP_PROXY and HTTPS_PROXY to an http:// address"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = 443 if parts.scheme == "https" else 80
    return Proxy(f"{parts.scheme}://{host}:{port or default}", unquote(parts.username or ""), unquote(parts.password or ""))
