"""Guardrails of a load test: the addresses it may call, and how much it may ask of them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from time import monotonic
from urllib.parse import urlsplit

from clemsim.catalog.agents import kind_of
from clemsim.errors import LimitReached, UsageError

Resolver = Callable[[str], Sequence[str]]


def resolve(host: str) -> list[str]:
    """Return the addresses of a host. Raise UsageError if it has none."""
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"there is no host {host}: correct the address ({error})") from error


def server_urls(specs: Sequence[str]) -> list[str]:
    """Return the addresses of all servers that agents of these SPECs would call, each once; none for an engine that calls
    no server. Raises UsageError where no agent can be loaded, or where one is neither loadable nor scripted.
    """
    kinds = [(spec, *kind_of(spec)) for spec in specs]
    for spec, kind, _ in kinds:
        if not (kind.loadable or kind.scripted):
            raise UsageError(
                f"--agent {spec}: a stress test loads servers: give MODEL@URL or an engine (baseline and random may sit by)"
            )
    if not any(kind.loadable for _, kind, _ in kinds):
        raise UsageError("say which server to load: --agent MODEL@URL")
    return list(dict.fromkeys(url for _, kind, arg in kinds for url in kind.addresses(arg)))


def check_private(urls: Sequence[str], resolver: Resolver = resolve) -> None:
    """Raise UsageError for an address that may belong to others: neither loopback, link-local nor of a private network."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        public = [address for address in resolver(host) if _is_public(address)]
        if public:
            where = host if host == public[0] else f"{host} ({public[0]})"
            raise UsageError(f"{where} is no private address: a load test may cost its owner; add --yes if it is yours")


def _is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address).is_global


@dataclass(slots=True)
class Budget:
    """The requests and seconds that a stress test may take in all."""

    requests: int
    seconds: float
    requests_made: int = 0
    started: float | None = None  # monotonic seconds

    def start(self) -> None:
        """Let the time count from now on."""
        self.started = monotonic()

    @property
    def seconds_left(self) -> float:
        """Return the seconds that are left; all of them before `start`."""
        return self.seconds - (monotonic() - self.started) if self.started is not None else self.seconds

    @property
    def exhausted(self) -> str:
        """Return the limit that is reached, as text; empty if none is."""
        if self.requests_made >= self.requests:
            return f"{self.requests} requests were made (--max-requests)"
        return f"{self.seconds:g} s are over (--max-seconds)" if self.seconds_left <= 0 else ""

    def take_request(self) -> None:
        """Count one more request. Raise LimitReached if no more may be made."""
        if self.requests_made >= self.requests:
            raise LimitReached(self.exhausted, "request limit")
        self.requests_made += 1
