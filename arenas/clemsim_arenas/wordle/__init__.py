"""The game wordle: rules, prompts, instances and their generator."""
