"""The scripted player of clean_up."""
