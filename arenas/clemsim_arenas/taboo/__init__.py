"""The game taboo: rules, prompts, instances and their generator."""
