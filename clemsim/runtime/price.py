"""What a model costs: per million tokens, or per hour that a run lasts. The currency is the user's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from clemsim.game.messages import Usage

MILLION = 1_000_000
HOUR = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Price:
    """Prices of one agent. `tokens_in`, `tokens_cached`, `tokens_out`: of a million tokens, those of thinking being tokens
    out; `tokens_cached`: of those in that were found in the server's cache, None for the price of all others. `hour`: of an
    hour that the run lasts, such as that of a GPU.
    """

    tokens_in: float = 0.0
    tokens_cached: float | None = None
    tokens_out: float = 0.0
    hour: float = 0.0

    def of_tokens(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> float:
        """Return the price of tokens; those cached are among those in."""
        cached = min(tokens_in, tokens_cached)
        rate = self.tokens_in if self.tokens_cached is None else self.tokens_cached
        return ((tokens_in - cached) * self.tokens_in + cached * rate + tokens_out * self.tokens_out) / MILLION

    def of_turn(self, usage: Usage) -> float:
        """Return the price of the tokens of a turn."""
        return self.of_tokens(usage.tokens_in, usage.tokens_cached, usage.tokens_out)

    def of_time(self, seconds: float) -> float:
        """Return the price of the time that a run lasted."""
        return self.hour * seconds / HOUR

    def describe(self) -> dict[str, float]:
        """Return the prices that are given, by name."""
        prices = asdict(self)
        return {name: value for name, value in prices.items() if value or (name == "tokens_cached" and value is not None)}
