"""From a plan to a run: scheduling, the journal, attempts, and what happens when a process dies."""
