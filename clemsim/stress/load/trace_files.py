"""Traces of load testers as scripts: Mooncake's rows, aiperf's sessions and conversations in the manner of ShareGPT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.files import read_bytes
from clemsim.engines.base import ChatMessage
from clemsim.engines.images import parts_as_sent
from clemsim.errors import UsageError
from clemsim.game.content import Part, Text, as_text, images_of
from clemsim.stress.load.scripts import Script, ScriptedTurn
from clemsim.stress.load.synthetic_text import TEMPLATE, block_size, text_of

CHARACTERS = 4  # of a token, where only the text of a recorded reply is known
_SPEAKERS = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}

Row = Mapping[str, Any]


def read_trace_file(path: Path) -> list[Script]:
    """Read a trace: a row a line, or one JSON list of rows, in the order of their times. Raises UsageError.

    - Mooncake's rows, also as aiperf extends them: `messages`, `text_input` or `input_length` (with `hash_ids`);
      `output_length`; `timestamp` and `delay` in milliseconds. Rows of one `session_id` follow each other, and inputs
      other than `messages` are then what is new in the conversation.
    - aiperf's multi-turn sessions: `turns`, each with `text` or `texts`.
    - Conversations in the manner of ShareGPT: `conversations` or `messages` that hold replies too. They are sent word for
      word, and each reply is made as long as it was, by four characters a token.
    """
    rows = _rows(path)
    block = block_size([(row["input_length"], len(row["hash_ids"])) for row in rows if _has_hashes(row)])
    sessions: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        sessions.setdefault(str(row.get("session_id") or f"row {number}"), []).append(row)
    try:
        scripts = [script for name, parts in sessions.items() for script in _scripts(name, parts, block)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} is no trace that this clemsim can read: {type(error).__name__} at {error}") from error
    if not scripts:
        raise UsageError(f"{path} has no requests: there is nothing to replay")
    return sorted(scripts, key=lambda script: script.at or 0.0)


def _rows(path: Path) -> list[Row]:
    data = read_bytes(path)
    try:
        whole = data.lstrip()[:1] == b"["
        rows = orjson.loads(data) if whole else [orjson.loads(line) for line in data.splitlines() if line.strip()]
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no trace: give a run, or a file with a JSON object a line ({error})") from error
    if not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{path} is no trace: each row must be a JSON object")
    return list(rows)


def _has_hashes(row: Row) -> bool:
    return isinstance(row.get("input_length"), int) and bool(row.get("hash_ids"))


def _scripts(name: str, rows: Sequence[Row], block: int) -> Iterator[Script]:
    """Yield the scripts of one session."""
    first = rows[0]
    if "turns" in first:
        yield from (_from_turns(name, row) for row in rows)
    elif "conversations" in first or _has_replies(first):
        yield from (_from_dialogue(name, row) for row in rows)
    else:
        turns = [_turn(row, f"{name}/{number}", block, alone=len(rows) == 1) for number, row in enumerate(rows)]
        yield Script(name, _seconds(first.get("timestamp")), turns)


def _has_replies(row: Row) -> bool:
    """Return whether a row is a whole dialogue: its last message is a reply."""
    return bool(row.get("messages")) and row["messages"][-1].get("role") == "assistant"


def _turn(row: Row, name: str, block: int, *, alone: bool) -> ScriptedTurn:
    """Return the turn of a row of Mooncake's."""
    size, seed = row.get("output_length"), int((row.get("extra") or {}).get("seed") or 0)
    tokens, delay = None if size is None else max(1, int(size)), _seconds(row.get("delay")) or 0.0
    if "messages" in row:
        sent = {place: _parts(part["content"]) for place, part in enumerate(row["messages"])}
        messages = [_message(part["role"], as_text(sent[place])) for place, part in enumerate(row["messages"])]
        pictured = {place: parts for place, parts in sent.items() if images_of(parts)}
        return ScriptedTurn(messages, True, tokens, seed, delay, pictured or None)
    text = row.get("text_input")
    if text is None:
        text = text_of(max(1, int(row["input_length"]) - TEMPLATE), row.get("hash_ids") or (), block, name)
    return ScriptedTurn([_message("user", text)], alone, tokens, seed, delay)


def _from_turns(name: str, row: Row) -> Script:
    """Return a session of aiperf's."""
    turns = []
    for part in row["turns"]:
        text = part["text"] if part.get("text") is not None else "\n".join(_texts(part["texts"]))
        size = part.get("output_length") or part.get("max_tokens")
        message = _message(part.get("role") or "user", text)
        turns.append(ScriptedTurn([message], False, size, 0, _seconds(part.get("delay")) or 0.0))
    return Script(name, _seconds(row["turns"][0].get("timestamp")), turns)


def _texts(parts: Sequence[Any]) -> list[str]:
    return [part if isinstance(part, str) else "\n".join(part["contents"]) for part in parts]


def _from_dialogue(name: str, row: Row) -> Script:
    """Return a dialogue whose replies are known."""
    parts = row.get("conversations") or row["messages"]
    history, turns = list[ChatMessage](), list[ScriptedTurn]()
    for part in parts:
        role = _SPEAKERS[part.get("from") or part["role"]]
        text = part["value"] if "value" in part else part["content"]
        if role == "assistant" and history:
            turns.append(ScriptedTurn(tuple(history), True, max(1, -(-len(text) // CHARACTERS))))
        history.append(_message(role, text))
    return Script(str(row.get("id") or name), _seconds(row.get("timestamp")), turns)


def _parts(content: object) -> Sequence[Part]:
    """Return the parts of a message. Raises TypeError and ValueError."""
    if isinstance(content, list):
        return parts_as_sent(content)
    if not isinstance(content, str):
        raise TypeError("a message without text")
    return [Text(content)]


def _message(role: str, content: str) -> ChatMessage:
    if not isinstance(content, str):
        raise TypeError(f"a message of {role!r} without text")
    match role:
        case "system" | "user" | "assistant":
            return {"role": role, "content": content}
    raise ValueError(f"a message of {role!r}")


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else float(milliseconds) / 1000
