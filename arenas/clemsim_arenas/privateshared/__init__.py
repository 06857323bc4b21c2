"""The game privateshared: rules, prompts, texts, instances and their generator."""
