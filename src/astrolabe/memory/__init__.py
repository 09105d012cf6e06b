"""What is remembered of projects over their runs: documents, notes and what became of runs, found by meaning and by words."""
