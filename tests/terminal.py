"""What a terminal shows."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType


def shown(view: RenderableType, width: int = 100) -> str:
    """Return what is printed to a terminal without colours."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
