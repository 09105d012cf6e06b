"""Skills and the instructions of projects: found, judged, matched with tasks, and put before a model."""
