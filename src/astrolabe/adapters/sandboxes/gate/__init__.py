"""The only way out of a sandbox: a gate outside that lets through what a policy names, and writes down every request."""
