"""API keys, from the environment or a file: which key goes to which server.

A server gets the first of: the key in the variable that its agent names (`#key_env=NAME`), the one in
CLEMSIM_API_KEY_<HOST>_<PORT>, in CLEMSIM_API_KEY_<HOST>, in OPENAI_API_KEY (https://api.openai.com alone), and in
CLEMSIM_API_KEY. Instead of a key, NAME_FILE may name a file that holds it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from clemsim.errors import UsageError

BARE = "CLEMSIM_API_KEY"


class ApiKey(NamedTuple):
    """A key, and the name of the variable that it came from."""

    value: str
    variable: str

    def __repr__(self) -> str:
        return f"ApiKey({self.variable})"


def api_key(url: str, key_env: str = "") -> ApiKey | None:
    """Return the key for a server, None if there is none. Raises UsageError for a file that cannot be used, and where the
    variable `key_env` is not set.
    """
    if key_env:
        if found := _look_up(key_env):
            return found
        raise UsageError(f"the environment variable {key_env} is not set: #key_env={key_env} says that it holds the key")
    for variable in own_variables(url):
        if found := _look_up(variable):
            return found
    parts = urlsplit(url)
    if (parts.scheme, parts.hostname) == ("https", "api.openai.com") and (found := _look_up("OPENAI_API_KEY")):
        return found
    return _look_up(BARE)


def own_variables(url: str) -> list[str]:
    """Return the names of the variables for the keys of one server: with its port, where the address gives one, and
    without.
    """
    parts = urlsplit(url)
    hosts = [f"{parts.hostname}_{parts.port}", parts.hostname] if parts.port else [parts.hostname]
    names = [f"{BARE}_{re.sub('[^A-Z0-9]', '_', (host or '').upper())}" for host in hosts]
    return [name for name in names if not name.endswith("_FILE")]  # that is where a key is, not a key


def _look_up(variable: str) -> ApiKey | None:
    """Return the key in a variable, or in the file that another one names. Raises UsageError."""
    key = os.environ.get(variable) or _read_key(f"{variable}_FILE")
    return ApiKey(key, variable) if key else None


def _read_key(variable: str) -> str | None:
    """Return the key in a file that no other user can read. Raises UsageError."""
    name = os.environ.get(variable)
    if not name:
        return None
    path = Path(name)
    if path.exists() and not path.is_file():
        raise UsageError(f"{variable}: {path} is no file")
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise UsageError(f"{variable}: others can read {path}: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{variable}: {path} cannot be read ({type(error).__name__})") from error
