"""The game matchit_ascii: rules, prompts, instances and their generator."""
