"""The addresses of pages: on the server, and within a report that is one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below `root`: `/` on the server, `#/` in a report of one file."""

    root: str = "/"

    @property
    def home(self) -> str:
        """The list of all that there is."""
        return self.root

    def runs(self, query: Query) -> str:
        """The list of all that there is, as words and an order have it."""
        return self._at(query=query)

    def run(self, slug: str) -> str:
        """A run."""
        return self._at("run", slug)

    def episodes(self, slug: str, query: Query | None = None) -> str:
        """The episodes of a run that a filter lets through."""
        return self._at("run", slug, "episodes", query=query)

    def episode(self, slug: str, episode: int, query: Query | None = None) -> str:
        """An episode; `query`: the filter within which it is looked at."""
        return self._at("run", slug, "episode", str(episode), query=query)

    def study(self, slug: str, query: Query | None = None) -> str:
        """A study; `query`: which score its map shows, and what its figure sets scores against."""
        return self._at("study", slug, query=query)

    def image(self, slug: str, digest: str) -> str:
        """A picture of a run."""
        return self._at("run", slug, "image", digest)

    def stress(self, slug: str) -> str:
        """The report of a stress test."""
        return self._at("stress", slug)

    def compare(self, query: Query) -> str:
        """Two agents, or two runs, side by side."""
        return self._at("compare", query=query)

    def compare_changes(self, query: Query) -> str:
        """The events of a comparison that is being computed."""
        return self._at("compare", "changes", query=query)

    def run_changes(self, slug: str) -> str:
        """The events of a run that is looked at while it is played."""
        return self._at("run", slug, "changes")

    def act(self, slug: str, what: str) -> str:
        """Where a form about a run is sent: `resume`, `branch` or `seat`."""
        return self._at("run", slug, "act", what)

    def seat(self, slug: str) -> str:
        """The seat of a person in a run; its reply is sent there too."""
        return self._at("run", slug, "seat")

    def seat_changes(self, slug: str) -> str:
        """The events of a seat."""
        return self._at("run", slug, "seat", "changes")

    def _at(self, *parts: str, query: Query | None = None) -> str:
        path = "/".join(quote(part, safe=":") for part in parts)
        return f"{self.root}{path}{'?' + urlencode(query) if query else ''}"
