"""The chat template of llama.cpp in this process: whether it has a switch for thinking."""

from __future__ import annotations

import json
from hashlib import blake2b
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from clemsim._util.files import read_text
from clemsim.errors import EngineUnavailable

# Arguments of a template by which it can be told to think or not; one that heeds any of them has a switch.
_ARGUMENTS = (
    {"enable_thinking": True},
    {"enable_thinking": False},
    {"enable_thinking": True, "reasoning_effort": "low"},
    {"enable_thinking": True, "reasoning_effort": "high"},
)
_SECONDS = 30.0


def named_template(path: Path) -> str:
    """Return the name of a file and a digest of its text, as a run records it. Raises UsageError."""
    return f"{path.name} ({blake2b(read_text(path).encode(), digest_size=8).hexdigest()})"


def thinks_on_request(server: Any) -> bool:
    """Return whether the template of a llama.cpp server heeds what it is told of thinking, or always begins with it.

    `server` listens on 127.0.0.1 (`listening_address`); of one that does not, it is taken to. Raises EngineUnavailable.
    """
    address = str(getattr(server, "listening_address", ""))
    if not address:
        return True
    prompts = [_prompt(address, arguments) for arguments in _ARGUMENTS]
    return len(set(prompts)) > 1 or prompts[0].rstrip().endswith("<think>")


def _prompt(address: str, arguments: dict[str, Any]) -> str:
    """Return the prompt that the template makes of a short conversation."""
    body = {"messages": [{"role": "user", "content": "Hello"}], "chat_template_kwargs": arguments}
    connection = HTTPConnection(address.removeprefix("http://"), timeout=_SECONDS)
    try:
        connection.request("POST", "/apply-template", json.dumps(body), {"Content-Type": "application/json"})
        return str(json.loads(connection.getresponse().read())["prompt"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f"llama.cpp does not tell what its chat template makes ({type(error).__name__})") from error
    finally:
        connection.close()
