"""The language in which models thought, beside that of the games."""

from __future__ import annotations

import polars as pl

from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.sources.languages import UNKNOWN
from clemsim.analysis.wording import plural

NOT_KNOWN = "not known"
MOST = 4  # languages that a sentence names


def language_table(evidence: Evidence) -> pl.DataFrame:
    """Return a row for each model, game, language of its asks and language of thinking: turns, and their share of those of
    the model in the game (0..1). `as_the_game`: whether both languages are the same; null where one is not known.
    """
    counts = evidence.languages.group_by("model", "game", "asked", "thought", maintain_order=True).agg(pl.col("turns").sum())
    known = (pl.col("asked") != UNKNOWN) & (pl.col("thought") != UNKNOWN)
    named = [pl.col(name).replace(UNKNOWN, NOT_KNOWN) for name in ("asked", "thought")]
    return (
        counts.with_columns(
            share=pl.col("turns") / pl.col("turns").sum().over("model", "game"),
            as_the_game=pl.when(known).then(pl.col("asked") == pl.col("thought")),
        )
        .with_columns(*named)
        .sort("model", "game", "turns", descending=[False, False, True], maintain_order=True)
    )


def language_sentences(languages: pl.DataFrame) -> list[str]:
    """Return a sentence for each model: its languages, and how often it thought in another one than that of the game."""
    return [_sentence(str(model), own) for (model,), own in languages.group_by("model", maintain_order=True)]


def _sentence(model: str, own: pl.DataFrame) -> str:
    told = own.filter(pl.col("thought") != NOT_KNOWN)
    if told.is_empty():
        return f"In which language {model} thought is not known."
    turns = int(told["turns"].sum())
    by_language = told.group_by("thought").agg(pl.col("turns").sum()).sort("turns", "thought", descending=[True, False])
    shares = [f"{name} ({100 * count / turns:.0f} %)" for name, count in by_language.iter_rows()]
    spoken = str(by_language["thought"][0]) if len(shares) == 1 else ", ".join(shares[:MOST])
    text = f"{model} thought in {spoken}"
    if turns < (together := int(own["turns"].sum())):
        text += f", as far as that is known ({plural(turns, 'turn')} of {together})"
    compared = told.filter(pl.col("as_the_game").is_not_null())
    other = compared.filter(pl.col("as_the_game").not_())
    if compared.is_empty():
        return f"{text}."
    if other.is_empty():
        return f"{text}: the language of the game."
    share, games = int(other["turns"].sum()) / int(compared["turns"].sum()), ", ".join(sorted(set(other["game"].to_list())))
    return f"{text}; in {100 * share:.0f} % of these turns that is not the language of the game ({games})."
