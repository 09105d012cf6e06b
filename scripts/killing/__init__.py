"""Killing Astrolabe at random instants, and counting what was lost, repeated or left behind."""
