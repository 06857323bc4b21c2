"""The base of everything that a stress test reports."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StressResult(BaseModel):
    """A result of a stress test. Its fields are those of the JSON, in the order of the JSON.

    Results are made once for each stage or report, never for each turn. A field that has a default is one that the JSON
    may leave out: it is written only where it was set.
    """

    model_config = ConfigDict(frozen=True)

    def json_data(self) -> dict[str, object]:
        """Return the result as the JSON object that users read."""
        return self.model_dump(mode="json", exclude_unset=True)
