"""The games that come with clemsim, one folder each, and the suites made of them."""

from pathlib import Path

SUITES = Path(__file__).parent / "suites"
