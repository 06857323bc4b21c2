"""The summary of a run, also of one that wrote none yet, or one that is of another version."""

from __future__ import annotations

from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.viewer.library import RunCard, State, read_summary, stamp_of
from clemsim.viewer.site import Site


def summary_of(site: Site, card: RunCard) -> RunSummary | None:
    """Return the scores of what has ended so far; None where nothing has. Raises StoreError."""
    if card.summary:
        return card.summary
    if card.state is State.unreadable or not (card.counts or {}).get("done"):
        return None
    folder = card.entry.folder

    def make() -> RunSummary:
        written = None if card.state is State.live else read_summary(folder)  # that of an earlier session
        return written or summarize_run(folder)

    return site.kept.of(("summary", folder), stamp_of(folder), make)
