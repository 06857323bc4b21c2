"""Addresses and keys of servers, checked before anything is sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from clemsim.errors import UsageError


def checked_url(url: str) -> str:
    """Return the address without a slash at its end, and with `/v1` where it has no path. Raises UsageError."""
    if "@" in url:
        raise UsageError("an address must not hold a name or password: put the key into CLEMSIM_API_KEY")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is not an address: give one such as http://127.0.0.1:8000/v1")
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def checked_key(key: str | None) -> str:
    """Return the key without blanks around it, empty for None. Raises UsageError for a key that no header can carry."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("the key contains characters that no key has: correct CLEMSIM_API_KEY")
    return key


def authorization(key: str) -> dict[str, str]:
    """Return the header that carries the key; none for an empty key."""
    return {"Authorization": f"Bearer {key}"} if key else {}
