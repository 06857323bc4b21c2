"""The evidence that all analyses use, whatever its source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from clemsim.analysis.sources import names
from clemsim.analysis.sources.characteristics import characteristics_frame, complete
from clemsim.analysis.sources.published import COSTS, EPISODES, OVERALL, SCORES, SPENT
from clemsim.analysis.sources.thinking import LANGUAGES, TURNS
from clemsim.analysis.statistics.sample import Sample, game_of_table, sample_of
from clemsim.analysis.wording import models
from clemsim.catalog.models import Characteristics
from clemsim.errors import UsageError
from clemsim.results.clusters import Cluster
from clemsim.results.estimates import GameRatios, ModelEstimates
from clemsim.results.repetitions import Repetitions

ROUNDING = 0.02  # points by which a clemscore of two rounded averages may differ from that of its games


@dataclass(frozen=True)
class Evidence:
    """The scores, costs and characteristics of some models.

    scores: %Played, Quality and its deviation (0..100) by model and game, and the number of episodes where it is known.
    printed: averages as a published table prints them.
    clusters: by instance, of runs and raw tables: the number of episodes, of those played and scored, the sum of scores.
    described: characteristics by cleaned name (see `facts`). served: access by model, as a table gives it.
    decoding: by model, where it is known. costs: seconds a request and millions of tokens, by model. spent: tokens in
    and out by model and game, of runs, and what they cost where that is known. notes: what was left out, and why.
    repetitions: the single episodes of each model's runs. turns, languages: what their turns took, and in which language was
    thought (see `sources/thinking.py`).
    outside: what tables of characteristics say beside characteristics, such as scores in other benchmarks, by cleaned name
    and column. groups: a user's own group of models by cleaned name, in the order of his file. subset: what was chosen of
    models and games, in words; empty: all.
    """

    scores: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCORES))
    printed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OVERALL))
    clusters: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EPISODES))
    described: Mapping[str, Characteristics] = field(default_factory=dict)
    served: Mapping[str, str] = field(default_factory=dict)
    costs: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=COSTS))
    notes: tuple[str, ...] = ()
    decoding: Mapping[str, str] = field(default_factory=dict)
    spent: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SPENT))
    repetitions: Mapping[str, Repetitions] = field(default_factory=dict)
    outside: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    subset: tuple[str, ...] = ()
    turns: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TURNS))
    languages: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LANGUAGES))

    @cached_property
    def models(self) -> tuple[str, ...]:
        """All models that played something, the highest clemscore first."""
        order = self.overall.sort(["clemscore", "model"], descending=[True, False], nulls_last=True)
        return tuple(order["model"].to_list())

    @cached_property
    def games(self) -> tuple[str, ...]:
        """All games that a model was to play."""
        return tuple(sorted(self.scores["game"].unique().to_list()))

    @cached_property
    def overall(self) -> pl.DataFrame:
        """%Played, Quality and clemscore by model, as printed, or computed with each stage rounded as clembench does."""
        computed = self._computed
        joined = computed.join(self.printed, on="model", how="left", suffix="_printed", maintain_order="left")
        columns = [pl.coalesce(f"{name}_printed", name).alias(name) for name in ("played", "quality", "clemscore")]
        return joined.select("model", *columns)

    @cached_property
    def counted(self) -> pl.DataFrame:
        """The same, in which a model that never played a game to its end has Quality and clemscore 0 (the rule `zero`) and
        is marked in `never_played`; without it the models that play worst would be missing from what is said of models.
        """
        never = (pl.col("played") == 0).fill_null(value=False) & pl.col("quality").is_null()
        zero = [pl.when(never).then(0.0).otherwise(pl.col(name)).alias(name) for name in ("quality", "clemscore")]
        return self.overall.with_columns(*zero, never_played=never)

    @cached_property
    def sample(self) -> Sample:
        """The scores of all models and games, with their estimates."""
        clusters: dict[str, dict[str, dict[str, Cluster]]] = {}
        for model, game, instance, episodes, played, scored, total in self.clusters.iter_rows():
            own = clusters.setdefault(model, {}).setdefault(game, {})
            own[instance] = Cluster(int(episodes), int(played), int(scored), total)
        printed: dict[str, dict[str, GameRatios]] = defaultdict(dict)
        for model, game, played, quality, deviation, episodes in self.scores.iter_rows():
            if model not in clusters and played is not None:
                printed[model][game] = game_of_table(played, quality, deviation, episodes)
        return sample_of(clusters, {model: ModelEstimates(games) for model, games in printed.items()}, self.models)

    @cached_property
    def facts(self) -> pl.DataFrame:
        """A frame with a row for each model that has characteristics, joined by its cleaned name.

        `size_known`: whether its size was published; where no table says so, that of a closed model was not.
        """
        known = {model: facts for model in self.models if (facts := self.characteristics(model))}
        frame = characteristics_frame(known).join(self.counted, on="model", how="left", maintain_order="left")
        published = pl.coalesce("size_known", pl.when(pl.col("open_weights").not_()).then(pl.lit(value=False)))
        return frame.with_columns(
            size_known=pl.when(pl.col("parameters").is_not_null()).then(published.fill_null(value=True))
        )

    @cached_property
    def kinds(self) -> pl.DataFrame:
        """Family, weights, quantisation, access, decoding and settings of every model; what no table gives is as its name
        implies.
        """
        others = {names.weights(self._name(model)) for model in self.models}
        rows = [(model, *self._kind(model, others)) for model in self.models]
        schema = {
            "model": pl.String,
            "family": pl.String,
            "weights": pl.String,
            "quantisation": pl.Float64,
            "access": pl.String,
            "decoding": pl.String,
            "settings": pl.String,
        }
        return pl.DataFrame(rows, schema, orient="row").join(self.counted, on="model", how="left", maintain_order="left")

    def characteristics(self, model: str) -> Characteristics | None:
        """Return the characteristics of a model; None where it is not described."""
        return complete(self.described.get(model), self.described.get(names.clean(model)))

    def group(self, model: str) -> str | None:
        """Return the user's own group of a model; None where he named none."""
        return self.groups.get(model) or self.groups.get(names.clean(model))

    def lineage(self, model: str) -> str:
        """Return the user's own group of a model or, without one, the first word of the name of its first base model, or of
        its own name.
        """
        if own := self.group(model):
            return own
        origin, seen = model, {model}
        while (facts := self.characteristics(origin)) and facts.base_model and facts.base_model not in seen:
            origin = facts.base_model
            seen.add(origin)
        return names.lineage(self._weights.get(origin, origin).lower())

    @cached_property
    def _weights(self) -> dict[str, str]:
        return dict(self.kinds.select("model", "weights").iter_rows())

    def outside_value(self, model: str, column: str) -> float | None:
        """Return what a table says of a model in a column that is no characteristic; None where it says nothing."""
        own = {**self.outside.get(names.clean(model), {}), **self.outside.get(model, {})}
        return own.get(column)

    @cached_property
    def outside_columns(self) -> tuple[str, ...]:
        """The columns of tables of characteristics that hold numbers and are no characteristics, for any model here."""
        known = {column for model in self.models for column in self.outside.get(names.clean(model), {})}
        return tuple(
            column for column in dict.fromkeys(name for own in self.outside.values() for name in own) if column in known
        )

    def left_out(self) -> list[str]:
        """Return notes on what is missing and on its treatment: a game that was never run is in neither average, one that
        was never played to its end is in %Played alone.
        """
        return [*self.notes, *_missing(self), *self._disagreeing(), *self._undescribed()]

    @cached_property
    def _computed(self) -> pl.DataFrame:
        rows = []
        for (model,), games in self.scores.group_by("model", maintain_order=True):
            played = _rounded(games["played"].mean())
            quality = _rounded(games["quality"].mean())
            score = None if played is None or quality is None else _rounded(played / 100 * quality)
            rows.append((model, played, quality, score))
        return pl.DataFrame(rows, OVERALL, orient="row")

    def _name(self, model: str) -> str:
        """Return the name by which the weights of a model are known."""
        facts = self.characteristics(model)
        return names.clean(facts.name if facts and facts.name else model)

    def _kind(self, model: str, others: Set[str]) -> tuple[str, str, float | None, str | None, str | None, str | None]:
        clean, facts = names.clean(model), self.characteristics(model)
        weights = names.weights(self._name(model), others)
        bits = facts.quantisation if facts and facts.quantisation else names.bits(clean)
        access = (facts and (facts.access or facts.engine)) or names.served_by(clean) or self.served.get(model)
        family = self.group(model) or names.family(weights)
        return family, weights, bits, access, self.decoding.get(model), (facts.settings if facts else None) or None

    def _disagreeing(self) -> list[str]:
        """Return a note on each model whose printed clemscore is not that of its games."""
        averages = self._computed.join(self.printed, on="model", suffix="_printed")
        differing = averages.filter((pl.col("clemscore") - pl.col("clemscore_printed")).abs() > ROUNDING)
        return [
            f"{model}: its table prints a clemscore of {printed:.2f}, its games give {score:.2f}; the printed one is used"
            for model, score, printed in differing.select("model", "clemscore", "clemscore_printed").iter_rows()
        ]

    def _undescribed(self) -> list[str]:
        undescribed = [model for model in self.models if self.characteristics(model) is None]
        if not self.described:
            return ["there is no table of characteristics: nothing can be said of size, data, dates or base models"]
        if not undescribed:
            return []
        return [
            f"{len(undescribed)} models have no characteristics and are only in analyses that need none: "
            f"{join_names(undescribed)}"
        ]


def scores_of(clusters: pl.DataFrame) -> pl.DataFrame:
    """Return %Played, Quality and its deviation by model and game, from clusters."""
    rows = []
    for (model, game), instances in clusters.group_by(["model", "game"], maintain_order=True):
        episodes, played, scored, total = (
            float(instances[name].sum()) for name in ("episodes", "played", "scored", "total")
        )
        if episodes:
            rows.append((model, game, 100 * played / episodes, total / scored if scored else None, None, episodes))
    return pl.DataFrame(rows, SCORES, orient="row")


def merge(parts: Sequence[Evidence]) -> Evidence:
    """Merge evidence. Of a model in several parts the first holds, and a note names differing scores; characteristics that
    the first does not know are taken from a later one.

    Raises UsageError where there is no part.
    """
    if not parts:
        raise UsageError("name at least one run, study or table of results")
    notes, seen = [note for part in parts for note in part.notes], set[str]()
    kept: list[tuple[pl.DataFrame, ...]] = []
    for part in parts:
        models = set(part.scores["model"].to_list())
        repeated = models & seen
        notes += _conflicts(part, kept, repeated)
        fresh = pl.col("model").is_in(list(models - seen))
        frames = (part.scores, part.printed, part.clusters, part.turns, part.languages)
        kept.append(tuple(frame.filter(fresh) for frame in frames))
        seen |= models
    costs = pl.concat([part.costs for part in parts])
    described: dict[str, Characteristics] = {}
    served: dict[str, str] = {}
    decoding: dict[str, str] = {}
    repetitions: dict[str, Repetitions] = {}
    outside: dict[str, dict[str, float]] = {}
    for part in reversed(parts):
        known = {model: complete(facts, described.get(model)) or facts for model, facts in part.described.items()}
        described |= known
        repetitions |= part.repetitions
        served |= part.served
        decoding |= part.decoding
        outside |= {model: {**outside.get(model, {}), **own} for model, own in part.outside.items()}
    scores, printed, clusters, turns, languages = (pl.concat([frames[index] for frames in kept]) for index in range(5))
    return Evidence(
        scores,
        printed,
        clusters,
        described,
        served,
        costs.group_by("model", maintain_order=True).agg(pl.all().drop_nulls().first()),
        tuple(notes),
        decoding,
        pl.concat([part.spent for part in parts])
        .group_by("model", "game", maintain_order=True)
        .agg(pl.col("tokens", "cost").first()),
        repetitions=repetitions,
        outside=outside,
        turns=turns,
        languages=languages,
    )


def join_names(items: Sequence[str], most: int = 12) -> str:
    """Return names separated by commas; of many, only the first `most` and the number of the others."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def _conflicts(part: Evidence, kept: Sequence[tuple[pl.DataFrame, ...]], repeated: set[str]) -> list[str]:
    first = {model: score for _, printed, *_ in kept for model, score in printed.select("model", "clemscore").iter_rows()}
    later = dict(part.printed.select("model", "clemscore").iter_rows())
    return [
        f"{model}: a first table gives a clemscore of {first[model]}, a later one {later[model]}; the first is used"
        for model in sorted(repeated)
        if first.get(model) is not None and later.get(model) is not None and first[model] != later[model]
    ]


def _missing(evidence: Evidence) -> list[str]:
    notes = []
    for game in evidence.games:
        scores = evidence.scores.filter(pl.col("game") == game)
        run_with = set(scores.filter(pl.col("played").is_not_null())["model"])
        if absent := [model for model in evidence.models if model not in run_with]:
            notes.append(f"{game} was not run with {join_names(absent)}: it is in neither of their averages")
        unplayed = scores.filter(pl.col("quality").is_null() & pl.col("played").is_not_null())["model"].to_list()
        if unplayed:
            text = f"{game} was never played to its end by {models(len(unplayed))}, and is left out of their average Quality"
            notes.append(f"{text}: {join_names(unplayed)}")
    unscored = evidence.overall.filter(pl.col("clemscore").is_null())["model"].to_list()
    return notes + ([f"no clemscore, as nothing was scored: {join_names(unscored)}"] if unscored else [])


def _rounded(value: object) -> float | None:
    """Round to two decimals as numpy does."""
    return round(value * 100) / 100 if isinstance(value, float) else None
