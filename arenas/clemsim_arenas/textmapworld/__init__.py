"""The game textmapworld: rules, prompts, instances and their generator."""
