"""Generate the instances: `python -m clemsim_arenas.guesswhat.generate --seed 1 --out FILE`.

The eight words of a level are the more related, the higher it is: two words, of different subcategories, of each of four
categories; two words of each of two subcategories, of two categories; two words of each of four subcategories of one. No
word comes twice in an experiment, and no two words of one kind in an instance.
"""

from __future__ import annotations

from collections.abc import Sequence

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.guesswhat.game import Candidates, GuessWhat
from clemsim_arenas.guesswhat.words import Subcategory, subcategories

EACH, MOST = 10, 12  # instances of a level: as in clembench, and as many as there are surely words for
# Of each instance: the categories, the subcategories of each, the words of each of these.
LEVELS = {1: (4, 2, 1), 2: (2, 2, 2), 3: (1, 4, 2)}
CLASSES = {"Level": "concrete", "Abs_Level": "abstract"}


def generate(options: GeneratorOptions) -> list[Candidates]:
    """Return 10 lists of eight words of each of six levels, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [instance for name in CLASSES for level in LEVELS for instance in _experiment(name, level, options)]


def _experiment(name: str, level: int, options: GeneratorOptions) -> list[Candidates]:
    experiment = f"{name}_{level}"
    rng = options.dice(GuessWhat.name, experiment)
    count = options.draw_count(EACH, MOST)
    lists = _lists(rng, [each for each in subcategories() if each.class_ == CLASSES[name]], level, count)
    return [
        Candidates(
            experiment=experiment, id=number, seed=rng.getrandbits(31), target=rng.choice(words), candidates=tuple(words)
        )
        for number, words in enumerate(lists)
    ]


def _lists(rng: Dice, among: Sequence[Subcategory], level: int, count: int) -> list[list[str]]:
    """Return lists of words that have none in common."""
    while True:
        used: set[str] = set()
        lists: list[list[str]] = []
        while len(lists) < count and (words := _words(rng, among, level, used)):
            used.update(words)
            lists.append(words)
        if len(lists) == count:
            return lists


def _words(rng: Dice, among: Sequence[Subcategory], level: int, used: set[str]) -> list[str]:
    """Return the words of an instance, category by category; none where too few are left."""
    categories, subs, each = LEVELS[level]
    left = [(own.category, kinds) for own in among if len(kinds := _kinds(own, used)) >= each]
    names = list(dict.fromkeys(category for category, _ in left))
    enough = [name for name in names if sum(category == name for category, _ in left) >= subs]
    if len(enough) < categories:
        return []
    chosen = [kinds for name in rng.sample(enough, categories) for kinds in _of(rng, left, name, subs)]
    return [rng.choice(words) for kinds in chosen for words in rng.sample(kinds, each)]


def _of(rng: Dice, left: Sequence[tuple[str, list[list[str]]]], name: str, count: int) -> list[list[list[str]]]:
    return rng.sample([kinds for category, kinds in left if category == name], count)


def _kinds(own: Subcategory, used: set[str]) -> list[list[str]]:
    """Return the words of each kind that are left, without kinds of which none is."""
    left = [[word for word in words if word not in used] for words in own.kinds.values()]
    return [words for words in left if words]


if __name__ == "__main__":
    main(generate)
