"""One Protocol a seam: what the core asks of the world."""
