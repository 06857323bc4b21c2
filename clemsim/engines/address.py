"""Addresses and keys of servers, checked before anything is sent."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from clemsim.errors import UsageError

# Names of parameters, headers and variables that hold a secret contain one of these.
SECRET = ("key", "token", "secret", "password", "authorization", "cookie", "signature")


def is_secret_name(name: str) -> bool:
    """Return whether what goes by this name is a secret."""
    return any(word in name.lower() for word in SECRET)


def checked_url(url: str) -> str:
    """Return the address without a slash at its end, and with `/v1` where it has no path; a query stays. Raises UsageError
    for what is no address, or holds a secret.
    """
    if "@" in url.partition("?")[0]:
        raise UsageError("an address must not hold a name or password: put the key into CLEMSIM_API_KEY")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise UsageError(f"{url!r} is not an address: give one such as http://127.0.0.1:8000/v1")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if is_secret_name(name):
            raise UsageError(f"an address must not hold a secret ({name}=...): put the key into CLEMSIM_API_KEY")
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{parts.query}" if parts.query else "")


def subpage(url: str, path: str) -> str:
    """Return the address of a page below `url`; the query of `url` is kept."""
    address, question, query = url.partition("?")
    return f"{address}/{path}{question}{query}"


def root(url: str) -> str:
    """Return the address of the pages that are not part of the OpenAI protocol."""
    address, question, query = url.partition("?")
    return f"{address.removesuffix('/v1')}{question}{query}"


def path_of(url: str) -> str:
    """Return path and query of an address, as a request names them."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def origin(url: str) -> str:
    """Return scheme, host and port of an address: what a key belongs to."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return (
        f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    )


def server_of(url: str) -> str:
    """Return what is the same in all ways of writing the address of a server: origin and path, without `/v1`."""
    where = urlsplit(root(url))
    return f"{origin(url)}{where.path.rstrip('/')}".replace("://localhost:", "://127.0.0.1:")


def is_loopback(url: str) -> bool:
    """Return whether the host of an address is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def checked_key(key: str | None) -> str:
    """Return the key without blanks around it, empty for None. Raises UsageError for a key that no header can carry."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("the key contains characters that no key has: correct CLEMSIM_API_KEY")
    return key
