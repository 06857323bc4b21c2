"""Groups of models that share a family, a base model or their weights, each with the model that is its reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from clemsim.analysis.sources.evidence import Evidence

FULL = 16  # bits; a weight with as many, or with an unknown number, is not quantised
LOCAL = ("huggingface-local", "local", "llama.cpp")  # access methods that surely serve the published weights


@dataclass(frozen=True)
class VariantGroup:
    """Models that share something, and the reference that the others are compared with."""

    kind: str
    name: str
    reference: str
    others: tuple[str, ...]

    @property
    def title(self) -> str:
        """Kind and name: `quantisation: llama-3-8b-instruct`."""
        return f"{self.kind}: {self.name}"

    def pairs(self) -> list[tuple[str, str, str]]:
        """Return the comparisons of the group: (title, model, reference)."""
        return [(self.title, other, self.reference) for other in self.others]


def family_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield sizes and versions of one family. Of variants with the same weights only the reference takes part."""
    known = evidence.kinds.filter(pl.col("clemscore").is_not_null())
    variants = known.partition_by("weights", maintain_order=True)
    references = pl.concat([_reference(frame) for frame in variants]) if variants else known
    for (family,), group in references.sort("family").group_by("family", maintain_order=True):
        names = group.sort("clemscore", descending=True)["model"].to_list()
        if len(names) > 1:
            yield VariantGroup("family", str(family), names[0], tuple(names[1:]))


def tuned_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models with the same base; the reference is the base where it was played, or else the best of them."""
    children = evidence.facts.filter(pl.col("base_model").is_not_null() & pl.col("clemscore").is_not_null())
    for (base,), group in children.sort("base_model").group_by("base_model", maintain_order=True):
        names = group.sort("clemscore", descending=True)["model"].to_list()
        if base in evidence.models and base not in names:
            yield VariantGroup("tuned from", str(base), str(base), tuple(names))
        elif len(names) > 1:
            yield VariantGroup("tuned from", str(base), names[0], tuple(names[1:]))


def quantised_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield quantised models with the full-precision model of the same weights as reference."""
    is_quantised = pl.col("quantisation") < FULL
    for (weights,), group in evidence.kinds.sort("weights").group_by("weights", maintain_order=True):
        names = group.filter(is_quantised).sort("quantisation")["model"].to_list()
        full = group.filter(is_quantised.not_() | pl.col("quantisation").is_null())
        if names and len(full):
            yield VariantGroup("quantisation", str(weights), _reference(full)["model"][0], tuple(names))


def access_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models with the same full-precision weights through different access methods."""
    full = evidence.kinds.filter(pl.col("quantisation").is_null() | (pl.col("quantisation") >= FULL))
    for (weights,), group in full.sort("weights").group_by("weights", maintain_order=True):
        if group["access"].n_unique() > 1:
            reference = _reference(group)["model"][0]
            others = tuple(model for model in group["model"] if model != reference)
            yield VariantGroup("access", str(weights), reference, others)


def notes_on_names(evidence: Evidence) -> list[str]:
    """Return a note where facts that group models are taken from their names."""
    named = [model for model in evidence.kinds.filter(pl.col("quantisation").is_not_null())["model"]
             if not ((facts := evidence.characteristics(model)) and facts.quantisation)]  # fmt: skip
    text = "the bits of a weight, its family and who served it are read off the model's name where no table says so"
    return [text] if named else []


def _reference(variants: pl.DataFrame) -> pl.DataFrame:
    """Return, of variants of the same weights, the one in full precision, locally served, or else of unknown access."""
    full = pl.col("quantisation").is_null() | (pl.col("quantisation") >= FULL)
    local = pl.col("access").is_in(LOCAL[:1]).fill_null(value=False), pl.col("access").is_in(LOCAL).fill_null(value=False)
    return variants.sort(full, *local, pl.col("access").is_null(), descending=True, maintain_order=True).head(1)
