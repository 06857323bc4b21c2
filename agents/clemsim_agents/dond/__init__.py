"""The scripted player of dond."""
