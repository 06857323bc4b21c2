"""Reads runs, studies and published tables into one `Evidence`."""

from typing import Literal

Decoding = Literal["plain", "constrained", "all"]  # of the runs to be read; here as the command line needs it at start-up
