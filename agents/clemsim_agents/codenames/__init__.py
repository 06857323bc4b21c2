"""The scripted player of codenames."""
