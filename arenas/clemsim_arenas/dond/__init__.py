"""The game dond, "deal or no deal": rules, prompts, words, instances and their generator."""
