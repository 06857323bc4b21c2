"""Texts that can be stored as UTF-8."""

from __future__ import annotations


def encodable(text: str) -> str:
    """Return the text with its surrogates paired or replaced by U+FFFD, so that it can be stored as UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
