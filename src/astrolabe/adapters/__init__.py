"""One folder a technology behind a port."""
