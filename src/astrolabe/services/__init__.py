"""What the edges call: one use case a function."""
