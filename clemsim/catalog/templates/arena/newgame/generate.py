"""Draw the instances: `python -m newgame.generate` writes `instances.jsonl`."""

from pathlib import Path

from clemsim import GeneratorOptions

from newgame.game import Secret

# By experiment: the greatest number, and how many guesses there are.
EXPERIMENTS = {"easy": (10, 4), "hard": (100, 7)}
USUAL = 10  # instances of each experiment
FILE = Path(__file__).parent / "instances.jsonl"


def generate(options: GeneratorOptions) -> list[Secret]:
    """Draw as many instances of each experiment as the options say. Raises UsageError for more than there are numbers."""
    return [
        secret for experiment in EXPERIMENTS for secret in _draw(experiment, options)
    ]


def _draw(experiment: str, options: GeneratorOptions) -> list[Secret]:
    most, guesses = EXPERIMENTS[experiment]
    rng = options.dice(experiment)
    numbers = rng.sample(range(1, most + 1), options.draw_count(USUAL, most))
    return [
        Secret(
            experiment=experiment, id=index, number=number, most=most, guesses=guesses
        )
        for index, number in enumerate(numbers)
    ]


if __name__ == "__main__":
    FILE.write_text(
        "".join(
            f"{secret.model_dump_json()}\n" for secret in generate(GeneratorOptions())
        ),
        encoding="utf-8",
    )
