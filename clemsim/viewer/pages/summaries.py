"""The summary of a run, also of one that wrote none yet, or one that is of another version."""

from __future__ import annotations

from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.viewer.large_runs import LARGE, LargeSummary
from clemsim.viewer.library import RunCard, State, read_summary, stamp_of
from clemsim.viewer.site import Site


def summary_of(site: Site, card: RunCard) -> RunSummary | None:
    """Return the scores of what has ended so far; None where nothing has, and while those of a large run are computed.
    Raises StoreError.
    """
    if card.summary:
        return card.summary
    if card.state is State.unreadable or not (card.counts or {}).get("done"):
        return None
    folder, stamp = card.entry.folder, stamp_of(card.entry.folder)
    written = site.cache.of(("written summary", folder), stamp, lambda: read_summary(folder))
    if written and card.state is not State.live:  # else it is of an earlier session
        return written
    if card.episodes >= LARGE and not site.inline:
        return site.cache.of(("large", folder), None, lambda: LargeSummary(folder)).of(stamp)
    return site.cache.of(("summary", folder), stamp, lambda: summarize_run(folder))
