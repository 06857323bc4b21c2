"""The game imagegame: rules, prompts, instances and their generator."""
