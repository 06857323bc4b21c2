"""What people look at in the terminal: results, transcripts, progress. Model text is untrusted and escaped here."""
