"""The game clean_up: rules, prompts, instances and their generator."""
