"""The functions that write exports."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class ExportWriter(Protocol):
    """Writes the draft of an export of the run in `folder`, and returns the number of units."""

    def __call__(self, folder: Path, out: Path, *, trust: bool) -> int:
        """Write. `trust`: load whatever code the run names. An option of the format is one more keyword. Raises
        ClemsimError.
        """
        ...
