"""The game codenames: rules, prompts, words, instances and their generator."""
