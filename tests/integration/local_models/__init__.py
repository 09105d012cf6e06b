"""Small models on this machine: fetching their weights from a real server, and serving them."""
