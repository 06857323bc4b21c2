"""What every page is made with: the library, the addresses, and whether pages are served or files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from clemsim.html.environment import render
from clemsim.html.frame import Crumb, Frame
from clemsim.viewer.computations import Computations
from clemsim.viewer.indexes import RunIndexes
from clemsim.viewer.library import Kind, Library
from clemsim.viewer.links import Links
from clemsim.viewer.result_cache import FEW, LISTS, ResultCache


@dataclass(frozen=True, slots=True)
class Site:
    """The pages of a library. `inline`: they are parts of a file that needs no server; `may_act`: whoever looks at them may
    also resume runs, branch off and take seats; `cache`: what took long to compute; `large_cache`: what is large besides;
    `computations`: what takes longer than a page waits; `choices_cache`: what forms offer; `indexes`: those of the episodes.
    """

    library: Library
    links: Links = field(default_factory=Links)
    inline: bool = False
    may_act: bool = False
    cache: ResultCache = field(default_factory=ResultCache, compare=False)
    large_cache: ResultCache = field(default_factory=lambda: ResultCache(FEW), compare=False)
    computations: Computations = field(default_factory=Computations, compare=False)
    choices_cache: ResultCache = field(default_factory=lambda: ResultCache(LISTS), compare=False)
    indexes: RunIndexes = field(default_factory=RunIndexes, compare=False)

    def page(self, template: str, title: str, crumbs: tuple[Crumb, ...] = (), live: str = "", **context: object) -> str:
        """Return a page made of a template, which gets `site` and `links` beside its own context."""
        frame = Frame(title, crumbs, bare=self.inline, home=self.links.home, live=live)
        return render(template, frame=frame, site=self, links=self.links, **context)

    def for_actor(self, *, may_act: bool) -> Site:
        """Return the same pages for somebody who may act, or may not."""
        return replace(self, may_act=may_act)

    def way(self, title: str) -> tuple[Crumb, ...]:
        """Return the way to a page that the first page leads to."""
        return Crumb("Runs", self.links.home), Crumb(title)

    def run_crumbs(self, slug: str, *inner: Crumb) -> tuple[Crumb, ...]:
        """Return the way to a page of a run, by its study where it has one. Raises UsageError."""
        entry = self.library.find(slug, Kind.run)
        study = self.library.study_of(entry)
        outer = (Crumb(study.folder.name, self.links.study(study.slug)),) if study else ()
        own = Crumb(entry.folder.name, self.links.run(slug) if inner else "")
        return (Crumb("Runs", self.links.home), *outer, own, *inner)
