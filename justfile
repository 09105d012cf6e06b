# Fast checks of what is being written.
check:
    uv run ruff format --check .
    uv run ruff check .
    uv run basedpyright
    uv run lint-imports

# All tests; arguments go to pytest.
test *arguments:
    ./test {{arguments}}

# Kill real builds at random instants and count what was lost or repeated.
chaos *arguments:
    uv run python scripts/chaos.py {{arguments}}
