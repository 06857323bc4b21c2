"""English nouns and their base forms, which word games share."""
