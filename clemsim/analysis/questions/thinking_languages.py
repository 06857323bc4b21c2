"""The language in which models thought, beside that of the games."""

from __future__ import annotations

import polars as pl

from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.sources.languages import UNKNOWN
from clemsim.analysis.wording import plural

NOT_KNOWN = "not known"
ENOUGH = 0.95  # share of turns in one language, of which it is then said that a model thought in it


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
    turns = int(own["turns"].sum())
    by_language = own.group_by("thought").agg(pl.col("turns").sum()).sort("turns", "thought", descending=[True, False])
    shares = [(name, count / turns) for name, count in by_language.iter_rows()]
    language, most = shares[0]
    if most >= ENOUGH and language != NOT_KNOWN:
        text = f"{model} thought in {language}" + ("" if most == 1 else f" in {100 * most:.0f} % of its turns with thoughts")
    else:
        text = f"{model} thought in " + ", ".join(f"{name} ({100 * share:.0f} %)" for name, share in shares[:4])
    known = own.filter(pl.col("as_the_game").is_not_null())
    other = known.filter(pl.col("as_the_game").not_())
    if known.is_empty():
        return f"{text}."
    if other.is_empty():
        return f"{text}, the language of the game wherever both are known ({plural(int(known['turns'].sum()), 'turn')})."
    share, games = int(other["turns"].sum()) / int(known["turns"].sum()), ", ".join(sorted(set(other["game"].to_list())))
    return (
        f"{text}; in {100 * share:.0f} % of the turns where both are known that is not the language of the game ({games})."
    )
