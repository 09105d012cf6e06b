"""Go, Rust and Java: their own tools know where the tests are. The toolchains are those that the base system has."""

from collections.abc import Iterator
from shlex import quote

from astrolabe.projects.listing import Listing, folder_of, own, within
from astrolabe.projects.runner import Coverage, Form, Runner, enter

_GO = "GOCACHE=/tmp/go-build GOFLAGS=-mod=mod GOPROXY=off "
_GO_VENDORED = "GOCACHE=/tmp/go-build GOFLAGS=-mod=vendor GOPROXY=off "
_MAVENS = (
    "repository=; if [ -d /usr/share/maven-repo ] && ! grep -qs maven.repo.local .mvn/maven.config; "
    "then repository=-Dmaven.repo.local=/usr/share/maven-repo; fi; "
)
"""Without network Maven has what the distribution packaged, unless the project names a repository of its own."""
_CARGO = 'CARGO_TARGET_DIR="${TMPDIR:-/tmp}/cargo-target" CARGO_TERM_COLOR=never '


def compiled_runners(listing: Listing) -> Iterator[Runner]:
    """Yield a runner for each module of Go, workspace of Rust, and build of Maven or Gradle."""
    yield from _go(listing)
    yield from _rust(listing)
    yield from _java(listing)


def _go(listing: Listing) -> Iterator[Runner]:
    for manifest in listing.named("go.mod"):
        folder = folder_of(manifest)
        tests = [path for path in own(listing.paths) if path.endswith("_test.go") and within(folder, path)]
        if not tests:
            continue
        vendored = listing.has(f"{folder}/vendor/modules.txt".lstrip("/"))
        before = _GO_VENDORED if vendored else _GO
        notes = (
            () if vendored or "require" not in listing.text(manifest) else ("its modules are not vendored",)
        )
        measure = 'go test -json -count=1 -coverprofile="$R/profile" ./... > "$R/results"; code=$?; '
        yield Runner(
            name="go test",
            language="go",
            folder=folder,
            command=f"{enter(folder)}{before}go test ./...",
            detailed=f'{before}go test -json -count=1 {{only}} > "$R/results"',
            everything="./...",
            form=Form.GO,
            why=f"{tests[0]} is there",
            coverage=Coverage.GO,
            covered=f'export {before}; {measure}go tool cover -func="$R/profile" > "$R/coverage"; exit $code',
            notes=notes,
        )


def _rust(listing: Listing) -> Iterator[Runner]:
    seen: list[str] = []
    for manifest in listing.named("Cargo.toml"):
        folder = folder_of(manifest)
        if any(within(above, manifest) for above in seen):
            continue  # a member: the workspace's root runs its tests
        seen.append(folder)
        offline = "--offline " if listing.has(f"{folder}/Cargo.lock".lstrip("/")) else ""
        run = f"cargo test {offline}--no-fail-fast"
        whole = " --workspace" if "workspace" in listing.toml(manifest) else ""
        yield Runner(
            name="cargo test",
            language="rust",
            folder=folder,
            command=f"{enter(folder)}{_CARGO}{run}{whole}",
            detailed=f'{_CARGO}{run} {{only}} > "$R/results" 2>&1; code=$?; cat "$R/results"; exit $code',
            everything=whole.strip(),
            form=Form.CARGO,
            why=f"{manifest} is there",
        )


def _java(listing: Listing) -> Iterator[Runner]:
    tests = [
        path
        for path in own(listing.paths)
        if path.endswith(("Test.java", "Tests.java", "Test.kt", "Spec.groovy"))
    ]
    builds = list(
        listing.named("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
    )
    seen: list[str] = []
    for manifest in builds:
        folder = folder_of(manifest)
        if any(within(above, manifest) for above in seen) or not any(within(folder, path) for path in tests):
            continue
        seen.append(folder)
        yield _maven(folder, manifest) if manifest.endswith("pom.xml") else _gradle(listing, folder, manifest)


def _maven(folder: str, manifest: str) -> Runner:
    run = f"{_MAVENS}mvn $repository --offline --batch-mode --no-transfer-progress -Dmaven.test.failure.ignore=false"
    return Runner(
        name="maven",
        language="java",
        folder=folder,
        command=f"{enter(folder)}{run} test",
        detailed=f"{run} --fail-at-end {{only}} test",
        form=Form.JUNIT,
        why=f"{manifest} is there",
        collects=_reports("*/surefire-reports/*.xml"),
    )


def _gradle(listing: Listing, folder: str, manifest: str) -> Runner:
    wrapper = f"{folder}/gradlew".lstrip("/")
    run = f"{'sh ./gradlew' if listing.has(wrapper) else 'gradle'} --offline --no-daemon --console=plain"
    return Runner(
        name="gradle",
        language="java",
        folder=folder,
        command=f"{enter(folder)}{run} test",
        detailed=f"{run} --continue test {{only}}",
        form=Form.JUNIT,
        why=f"{manifest} is there",
        collects=_reports("*/build/test-results/*/*.xml"),
    )


def _reports(pattern: str) -> str:
    return f"find . -path {quote(pattern)} -type f -exec cat {{}} +"
