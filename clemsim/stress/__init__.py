"""Load-tests a serving stack with games: how much it sustains, where it bends, and whether its answers stay good."""
