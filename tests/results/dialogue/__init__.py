"""Tests of the dialogue of an episode."""
