"""Backends behind `astrolabe.ports.sandbox`."""
