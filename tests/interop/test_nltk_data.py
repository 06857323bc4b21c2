"""Data of NLTK that a game of another framework lacks."""

from __future__ import annotations

from clemsim.interop.foreign.nltk_data import loading_data

SAID = (
    "\n****\n  Resource \x1b[93mwords\x1b[0m not found.\n  Please use the NLTK Downloader:\n  >>> nltk.download('words')\n"
)


def test_the_command_loads_what_nltk_names() -> None:
    assert loading_data(LookupError(SAID)) == "python -m nltk.downloader words"
    assert loading_data(KeyError("words")) is None and loading_data(ValueError(SAID)) is None
