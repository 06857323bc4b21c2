"""Resources that are opened before use and closed after it."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class AsyncResource:
    """A resource that `async with` opens and closes."""

    async def open(self) -> None:
        """Get ready: load weights, reach the server. Raises EngineError or UsageError with one line that says what to do."""

    async def close(self) -> None:
        """Release what `open` acquired."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
