"""The built-in agents and recipes, each a plugin like any other."""
