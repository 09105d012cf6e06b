"""Doubles and contract kits for plugin authors and for our own tests."""
