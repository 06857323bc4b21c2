"""The agents that come with clemsim: the language model's seat, a person, and scripted players for each game."""
