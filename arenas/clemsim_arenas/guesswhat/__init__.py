"""The game guesswhat: rules, prompts, instances and their generator."""
