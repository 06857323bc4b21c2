"""The registry of the analyses, and their options. A new analysis is a module in `questions/` and a line in `KINDS`.

The command line reads letters, names and titles from here at start-up, so the module of an analysis, with the
libraries of the extra, is only imported when the analysis runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from clemsim.errors import UsageError

if TYPE_CHECKING:
    from clemsim.analysis.results import Analysis
    from clemsim.analysis.sources.evidence import Evidence


MARGIN = 3.0  # points within which two models count as equivalent, unless another margin is asked for


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """The choices of a user that concern single analyses.

    `targets`: clemscores for which a number of parameters is sought; empty: those of the module `size`.
    `model`: the model whose profile is drawn first; None: the one with the highest clemscore. `margin`: points within which
    two models count as equivalent.
    """

    targets: Sequence[float] = ()
    model: str | None = None
    margin: float = MARGIN


DEFAULTS = AnalysisOptions()


@dataclass(frozen=True, slots=True)
class AnalysisKind:
    """An analysis that can be asked for.

    `letter` is its key in reports and file names; `name` is the name of its module in `questions/`, which has a function
    `answer(evidence, options) -> Analysis`; `title` describes it in a few words for help texts.
    """

    letter: str
    name: str
    title: str

    def run(self, evidence: Evidence, options: AnalysisOptions) -> Analysis:
        """Import the module of this analysis and answer its question. Raises UsageError for an option that is wrong."""
        module = import_module(f"clemsim.analysis.questions.{self.name}")
        analysis: Analysis = module.answer(evidence, options)
        return analysis.with_key(self.letter)


KINDS = (
    AnalysisKind("a", "size", "size"),
    AnalysisKind("b", "buckets", "size buckets"),
    AnalysisKind("c", "bases", "base models"),
    AnalysisKind("d", "profiles", "profiles"),
    AnalysisKind("e", "variants", "families and variants"),
    AnalysisKind("f", "quantisation", "quantisation"),
    AnalysisKind("g", "access", "access"),
    AnalysisKind("h", "costs", "latency and tokens"),
    AnalysisKind("i", "dynamics", "release dates"),
    AnalysisKind("j", "correlations", "games and other benchmarks"),
    AnalysisKind("k", "thinking", "what thinking buys and costs"),
)
LETTERS = "".join(kind.letter for kind in KINDS)
NAMES = ", ".join(kind.name for kind in KINDS)


def choose(text: str) -> tuple[AnalysisKind, ...]:
    """Return the kinds that `text` chooses, in the order of the registry: letters, or letters and names with commas.

    Raises UsageError for a letter or name that is not in the registry.
    """
    chosen: set[str] = set()
    for word in text.replace(" ", "").split(","):
        named = {kind.letter for kind in KINDS if kind.name == word}
        unknown = sorted(set(word) - set(LETTERS))
        if unknown and not named:
            wrong = word if len(unknown) > 1 or "," in text else unknown[0]
            raise UsageError(f"there is no analysis {wrong!r}: choose some of {LETTERS}, or names with commas: {NAMES}")
        chosen |= named or set(word)
    return tuple(kind for kind in KINDS if kind.letter in chosen)
