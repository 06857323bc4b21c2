"""The game wordle_withclue: rules, prompts, instances and their generator."""
