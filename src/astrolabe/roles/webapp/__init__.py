"""A web application from a domain model: its recipe, its agents, its templates."""
