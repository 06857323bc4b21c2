"""A game for clemsim: a number is to be found."""

from pathlib import Path

SUITES = Path(__file__).parent / "suites"
