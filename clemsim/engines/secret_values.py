"""What must never be shown or stored, and how it is hidden, whatever form it comes back in."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 8  # characters: a shorter value is a stand-in such as `none`, and may be an innocent word of a reply
HIDDEN = "(key)"
# Only a text that contains one of these can hold a secret in another form than its own.
_ESCAPES = ("\\", "%", "&#")


class Secrets:
    """Keys and other secret values. `hide` takes them out of a text, in JSON's, URLs' and HTML's spelling too."""

    def __init__(self, values: Iterable[str]) -> None:
        words = {word for value in values for word in (value, *_words(value)) if len(word) >= SHORTEST}
        self._words = sorted(words, key=len, reverse=True)
        self._spellings = re.compile("|".join(map(_any_spelling, self._words))) if self._words else None

    def hide(self, text: str) -> str:
        """Return the text without the secrets. Costs next to nothing where it contains none."""
        for word in self._words:
            if word in text:
                text = text.replace(word, HIDDEN)
        if self._spellings and any(escape in text for escape in _ESCAPES):
            text = self._spellings.sub(HIDDEN, text)
        return text

    def __bool__(self) -> bool:
        return bool(self._words)


def _words(value: str) -> list[str]:
    """Return the parts of a value that are secrets by themselves, as in `Bearer KEY` or `name=KEY; other=KEY`."""
    words = re.split(r"[\s;,]+", value)
    return words + [word.partition("=")[2] for word in words]


def _any_spelling(word: str) -> str:
    """Return a pattern of the word in which each character may be escaped as in JSON, URLs, Python or HTML."""
    return "".join(map(_any_character, word))


def _any_character(character: str) -> str:
    code = ord(character)
    digits = "".join(f"[{digit.lower()}{digit.upper()}]" for digit in f"{code:02x}")
    forms = [rf"\\*{re.escape(character)}", rf"\\+u00{digits}", rf"\\+x{digits}", f"%{digits}", f"%25{digits}"]
    return f"(?:{'|'.join(forms)}|&#(?:0*{code}|[xX]0*{digits});)"
