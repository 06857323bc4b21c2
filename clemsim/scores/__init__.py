"""Scores: numbers computed from transcripts alone, their averages, and how sure they are."""
