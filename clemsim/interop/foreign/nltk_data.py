"""Data of NLTK that a game of another framework lacks."""

from __future__ import annotations

import re

WANTED = re.compile(r"nltk\.download\(['\"]([\w.-]+)['\"]\)")


def loading_data(error: BaseException) -> str | None:
    """Return the command that loads the data whose lack made NLTK raise `error`; None for any other error."""
    found = WANTED.search(str(error)) if isinstance(error, LookupError) else None
    return f"python -m nltk.downloader {found[1]}" if found else None
