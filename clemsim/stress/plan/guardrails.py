"""What keeps a load test civil: whom it may call, and how much it may ask."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from time import monotonic
from urllib.parse import urlsplit

from clemsim.catalog.agents import kind_of
from clemsim.errors import LimitReached, UsageError

Resolve = Callable[[str], Sequence[str]]


def resolve(host: str) -> list[str]:
    """The addresses of a host. Raises UsageError."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"there is no host {host}: correct the address ({error})") from error


def targets(specs: Sequence[str]) -> list[str]:
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


def check_private(urls: Sequence[str], find: Resolve = resolve) -> None:
    """Raise UsageError for an address that may be somebody else's: neither loopback, link-local nor of a private net."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        public = [address for address in find(host) if _public(address)]
        if public:
            where = host if host == public[0] else f"{host} ({public[0]})"
            raise UsageError(f"{where} is no private address: a load test may cost its owner; add --yes if it is yours")


def _public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_global


@dataclass(slots=True)
class Budget:
    """Requests and seconds that a stress test may take in all."""

    requests: int
    seconds: float
    made: int = 0
    begun: float | None = None

    def begin(self) -> None:
        """From now on time counts."""
        self.begun = monotonic()

    @property
    def left(self) -> float:
        """Seconds."""
        return self.seconds - (monotonic() - self.begun) if self.begun is not None else self.seconds

    @property
    def spent(self) -> str:
        """What is used up; empty: nothing."""
        if self.made >= self.requests:
            return f"{self.requests} requests were made (--max-requests)"
        return f"{self.seconds:g} s are over (--max-seconds)" if self.left <= 0 else ""

    def take(self) -> None:
        """One more request. Raises LimitReached."""
        if self.made >= self.requests:
            raise LimitReached(self.spent, "request limit")
        self.made += 1
