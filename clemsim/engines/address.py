"""Addresses and keys of servers, checked before anything is sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from clemsim.errors import UsageError


def checked_url(url: str) -> str:
    """The address without a slash at its end; `/v1` is added where there is no path. Raises UsageError."""
    if "@" in url:
        raise UsageError("an address must not hold a name or password: put the key into CLEMSIM_API_KEY")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is no address: give one such as http://127.0.0.1:8000/v1")
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def checked_key(key: str | None) -> str:
    """The key without blanks around it, empty for none. Raises UsageError for one that no header can carry."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("the key holds characters that no key has: correct CLEMSIM_API_KEY")
    return key


def _authorization(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}
