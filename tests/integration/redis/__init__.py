"""Wake-ups by a real Redis."""
