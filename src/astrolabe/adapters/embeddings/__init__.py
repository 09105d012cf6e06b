"""Models of meaning that run in this process, and what they said before. They need the extra `embeddings`."""
