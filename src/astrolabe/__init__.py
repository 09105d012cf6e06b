"""Astrolabe: from a goal in plain words to verified, committed software."""

__version__ = "0.1.0"
