"""The game hot_air_balloon: rules, prompts, instances and their generator."""
