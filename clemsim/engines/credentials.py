"""API keys, from the environment or a file."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from clemsim.errors import UsageError


def api_key(url: str) -> str | None:
    """Return the key for a server, None if there is none. Raises UsageError.

    It comes from CLEMSIM_API_KEY, or the file that CLEMSIM_API_KEY_FILE names. OPENAI_API_KEY goes to OpenAI's host alone.
    """
    key = os.environ.get("CLEMSIM_API_KEY") or _read_key(os.environ.get("CLEMSIM_API_KEY_FILE"))
    return os.environ.get("OPENAI_API_KEY") if key is None and urlsplit(url).hostname == "api.openai.com" else key


def _read_key(name: str | None) -> str | None:
    """Return the key in a file that no other user can read. Raises UsageError."""
    if not name:
        return None
    path = Path(name)
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise UsageError(f"CLEMSIM_API_KEY_FILE: others can read {path}: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"CLEMSIM_API_KEY_FILE: {path} cannot be read ({type(error).__name__})") from error
