"""Finding texts: by their words, by their meaning, and what is to be remembered of documents."""
