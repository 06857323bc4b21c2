"""The scripted player of hot_air_balloon."""
