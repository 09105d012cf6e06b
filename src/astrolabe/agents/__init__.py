"""What an agent is, what it works with, and how its work is judged."""
