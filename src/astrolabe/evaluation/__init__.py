"""Suites of tasks, what agents make of them, and what the figures can bear."""
