"""YAML and JSON whose every value knows its line and column, and what is wrong with it in plain words."""
