"""The game wordle_withcritic: rules, prompts, instances and their generator."""
