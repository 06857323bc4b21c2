"""Groups of models that share a family, a base model or their weights, each with the model that is its reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any

import polars as pl

from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.sources.names import clean
from clemsim.engines.thinking import TOKENS

FULL = 16  # bits; a weight with as many, or with an unknown number, is not quantised
LOCAL = ("huggingface-local", "local", "llama.cpp")  # access methods that surely serve the published weights


RULES = {  # how the reference of a group is chosen: never by the scores that are compared
    "group": "the first of its group in the file of groups",
    "family": "the oldest of its family, of equally old ones the smallest",
    "tuned from": "its base where that was played, or else the oldest model of that base",
    "quantisation": "full precision of the same weights",
    "access": "the local copy of the same weights, or else the first by name",
    "decoding": "the same model with plain decoding",
    "thinking": "the same model without thinking, or else as it does by itself, or else with the least of it",
    "settings": "the same model without settings, or else not thinking, or else at the lowest temperature",
}
ALIKE = ("weights", "quantisation", "access")  # what is equal in groups by decoding and by settings
KINDS = (
    "quantisation",
    "access",
    "decoding",
    "thinking",
    "settings",
    "tuned from",
    "group",
    "family",
)  # of groups; a pair in several counts for the first


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


def all_groups(evidence: Evidence) -> list[VariantGroup]:
    """Return the groups of all kinds."""
    makers = (
        own_groups, family_groups, tuned_groups, quantised_groups, access_groups, decoding_groups, thinking_groups,
        settings_groups,
    )  # fmt: skip
    return [group for groups in makers for group in groups(evidence)]


def own_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield the user's own groups, with all models that he named, in the order of his file."""
    order = {name: place for place, name in enumerate(evidence.groups)}
    scored = evidence.counted.filter(pl.col("clemscore").is_not_null())["model"].to_list()
    members: dict[str, list[str]] = {}
    for model in sorted(
        (model for model in scored if evidence.group(model)), key=lambda own: (order.get(clean(own), 0), own)
    ):
        members.setdefault(str(evidence.group(model)), []).append(model)
    for name, models in members.items():
        if len(models) > 1:
            yield VariantGroup("group", name, models[0], tuple(models[1:]))


def family_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield sizes and versions of one family. Of variants with the same weights only the reference takes part, and no model
    that is in a group of the user's own.
    """
    others = [model for model in evidence.models if not evidence.group(model)]
    kinds = evidence.kinds.filter(pl.col("clemscore").is_not_null() & pl.col("model").is_in(others))
    references = one_of_each(evidence, kinds)
    for (family,), group in references.sort("family").group_by("family", maintain_order=True):
        names = _oldest_first(evidence, group["model"].to_list())
        if len(names) > 1:
            yield VariantGroup("family", str(family), names[0], tuple(names[1:]))


def tuned_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models with the same base. Of variants with the same weights only the reference takes part, as they do not
    differ in their tuning.
    """
    bases = evidence.facts.filter(pl.col("base_model").is_not_null() & pl.col("clemscore").is_not_null())
    children = one_of_each(evidence, evidence.kinds.join(bases.select("model", "base_model"), on="model"))
    for (base,), group in children.sort("base_model").group_by("base_model", maintain_order=True):
        names = _oldest_first(evidence, group["model"].to_list())
        if base in evidence.models and base not in names:
            yield VariantGroup("tuned from", str(base), str(base), tuple(names))
        elif len(names) > 1:
            yield VariantGroup("tuned from", str(base), names[0], tuple(names[1:]))


def quantised_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield quantised models with the full-precision model of the same weights as reference."""
    is_quantised = pl.col("quantisation") < FULL
    for (weights, decoding, settings), group in _grouped(evidence.kinds, "weights", "decoding", "settings"):
        names = group.filter(is_quantised).sort("quantisation", "model")["model"].to_list()
        full = group.filter(is_quantised.not_() | pl.col("quantisation").is_null())
        if names and len(full):
            name = _label(weights, None, decoding, settings)
            yield VariantGroup("quantisation", name, _reference(full)["model"][0], tuple(names))


def access_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models with the same weights in the same number of bits through different access methods."""
    bits = pl.when(pl.col("quantisation") < FULL).then(pl.col("quantisation")).alias("bits")
    keys = ("weights", "bits", "decoding", "settings")
    for (weights, low, decoding, settings), group in _grouped(evidence.kinds.with_columns(bits), *keys):
        if group["access"].n_unique() > 1:
            reference = _reference(group)["model"][0]
            others = tuple(model for model in group["model"] if model != reference)
            yield VariantGroup("access", _label(weights, low, decoding, settings), reference, others)


def decoding_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models that were played with plain and with constrained decoding, all else equal."""
    for (weights, bits, access, settings), group in _grouped(evidence.kinds, *ALIKE, "settings"):
        plain = group.filter(pl.col("decoding").is_null() | (pl.col("decoding") == "plain"))["model"].to_list()
        others = tuple(model for model in group["model"] if model not in plain)
        if plain and others:
            name = f"{_label(weights, bits, None, settings)}{f', {access}' if access else ''}"
            yield VariantGroup("decoding", name, plain[0], others)


def thinking_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models that were told to think in several ways, all else equal, the other settings of their agents too."""
    others = [_settings_but_thinking(evidence, model) for model in evidence.models]
    kinds = evidence.kinds.with_columns(others=pl.Series(others, dtype=pl.String))
    for (weights, bits, access, decoding, settings), group in _grouped(kinds, *ALIKE, "decoding", "others"):
        first, *more = sorted(group["model"], key=lambda model: _thinks_less(evidence, model))
        least = _thinking(evidence, first)
        if more := [model for model in more if _thinking(evidence, model) != least]:
            name = f"{_label(weights, bits, decoding, settings or None)}{f', {access}' if access else ''}"
            yield VariantGroup("thinking", name, first, tuple(more))


def settings_groups(evidence: Evidence) -> Iterator[VariantGroup]:
    """Yield models that were played with several settings of their agents, all else equal, but for those that differ from
    the first in nothing but thinking.
    """
    for (weights, bits, access, decoding), group in _grouped(evidence.kinds, *ALIKE, "decoding"):
        first, *others = sorted(group["model"], key=lambda model: _plainest(evidence, model))
        own = _settings_but_thinking(evidence, first)
        others = [model for model in others if _settings_but_thinking(evidence, model) != own]
        if others:
            name = f"{_label(weights, bits, decoding, None)}{f', {access}' if access else ''}"
            yield VariantGroup("settings", name, first, tuple(others))


def _plainest(evidence: Evidence, model: str) -> tuple[bool, bool, bool, float, str]:
    facts = evidence.characteristics(model)
    if facts is None:
        return False, False, False, 0.0, model
    thinks = facts.thinking not in (None, "off")
    return bool(facts.settings), thinks, bool(facts.system), facts.temperature or 0.0, model


def _thinking(evidence: Evidence, model: str) -> str | None:
    facts = evidence.characteristics(model)
    return facts.thinking if facts else None


def _settings_but_thinking(evidence: Evidence, model: str) -> str:
    facts = evidence.characteristics(model)
    return facts.model_copy(update={"thinking": None}).settings if facts else ""


def _thinks_less(evidence: Evidence, model: str) -> tuple[int, int, str]:
    """Return a key that sorts models by how much they may think: not, as they do by themselves, then by their budgets."""
    told = _thinking(evidence, model)
    if told in ("off", None):
        return ("off", None).index(told), 0, model
    return 2, int(told) if told.isdecimal() else TOKENS.get(told, 0), model


def one_of_each(evidence: Evidence, kinds: pl.DataFrame) -> pl.DataFrame:
    """Return, of models with the same weights, the one that `_reference` chooses."""
    variants = kinds.partition_by("weights", maintain_order=True)
    return pl.concat([_reference(frame) for frame in variants]) if variants else kinds


def _grouped(kinds: pl.DataFrame, *keys: str) -> Iterator[tuple[tuple[Any, ...], pl.DataFrame]]:
    """Yield the groups of models, each in the order of names."""
    yield from kinds.sort(*keys, "model").group_by(*keys, maintain_order=True)


def _label(weights: str, bits: float | None, decoding: str | None, settings: str | None) -> str:
    parts = [f"{bits:g} bits" if bits else "", decoding if decoding == "constrained" else "", settings or ""]
    return ", ".join([weights, *(part for part in parts if part)])


def _oldest_first(evidence: Evidence, names: Iterable[str]) -> list[str]:
    """Return models by release date, then by size, then by name; what is unknown comes last."""

    def key(model: str) -> tuple[date, float, str]:
        facts = evidence.characteristics(model)
        return (facts and facts.released) or date.max, (facts and facts.parameters) or inf, model

    return sorted(names, key=key)


def notes_on_names(evidence: Evidence) -> list[str]:
    """Return a note where facts that group models are taken from their names."""
    named = [model for model in evidence.kinds.filter(pl.col("quantisation").is_not_null())["model"]
             if not ((facts := evidence.characteristics(model)) and facts.quantisation)]  # fmt: skip
    text = "the bits of a weight, its family and who served it are read off the model's name where no table says so"
    return [text] if named else []


def _reference(variants: pl.DataFrame) -> pl.DataFrame:
    """Return, of variants of the same weights, the one with plain decoding, in full precision, locally served, or else of
    unknown access; of several the first by name.
    """
    full = pl.col("quantisation").is_null() | (pl.col("quantisation") >= FULL)
    local = pl.col("access").is_in(LOCAL[:1]).fill_null(value=False), pl.col("access").is_in(LOCAL).fill_null(value=False)
    by_name = variants.sort("model")
    plain = pl.col("decoding").eq_missing(pl.lit("constrained")).not_()
    return by_name.sort(plain, full, *local, pl.col("access").is_null(), descending=True, maintain_order=True).head(1)
