"""Which tools look at a project's code: those of its ecosystem that it has locked, and those that are toolchains here."""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from astrolabe.domain.plan import Environment
from astrolabe.projects.findings import FindingsForm
from astrolabe.projects.listing import Listing, folder_of, mapping, own, within
from astrolabe.projects.runner import enter

_RUFF_DEFAULTS = "--select E4,E7,E9,F,B,S,C90 --ignore S101"
"""Faults, likely bugs, security (bandit's rules) and complexity, where a project has not chosen for itself."""


@dataclass(frozen=True)
class Analyser:
    """A tool, and the line that has it print what it found. `good_codes` are those with which it has looked at all."""

    name: str
    about: str
    command: str
    form: FindingsForm
    environment: Environment
    folder: str = ""
    good_codes: tuple[int, ...] = (0, 1)


@dataclass(frozen=True)
class Unfit:
    """A tool that cannot look, and why."""

    name: str
    reason: str


def analysers(listing: Listing) -> tuple[tuple[Analyser, ...], tuple[Unfit, ...]]:
    """Return the tools that can look at a project, and those that would but cannot."""
    found = [*_python(listing), *_node(listing)]
    return (
        tuple(one for one in found if isinstance(one, Analyser)),
        tuple(one for one in found if isinstance(one, Unfit)),
    )


def _python(listing: Listing) -> Iterator[Analyser | Unfit]:
    if not any(path.endswith(".py") for path in own(listing.paths)):
        return
    chosen = any(listing.has(name) for name in ("ruff.toml", ".ruff.toml")) or "ruff" in mapping(
        listing.toml("pyproject.toml").get("tool")
    )
    run = f"ruff check --no-cache --exit-zero --quiet --output-format sarif {'' if chosen else f'--isolated {_RUFF_DEFAULTS} '}."
    yield Analyser(
        "ruff", "lint, security, complexity", run, FindingsForm.SARIF, Environment(toolchains=("ruff",))
    )
    lock = next(
        (path for path in listing.named("requirements.txt") if "\nmypy==" in f"\n{listing.text(path)}"), None
    )
    if lock is None:
        yield Unfit("mypy", "no requirements.txt with hashes locks it")
        return
    types = '"$ASTROLABE_PYTHON" -S -m mypy --no-error-summary --show-column-numbers --no-color-output --cache-dir=/dev/null .'
    yield Analyser(
        "mypy", "types", types, FindingsForm.LINES, Environment(toolchains=("python",), lockfiles=(lock,))
    )


def _node(listing: Listing) -> Iterator[Analyser | Unfit]:
    for manifest in listing.named("package.json"):
        package = listing.json(manifest)
        has = mapping(package.get("dependencies")) | mapping(package.get("devDependencies"))
        wanted = [name for name in ("eslint", "typescript") if name in has]
        folder = folder_of(manifest)
        locks = [
            path for path in listing.named("package-lock.json") if within(folder_of(path), f"{folder}/x")
        ]
        if wanted and not locks:
            yield from (
                Unfit(name, f"{manifest} has it, and no package-lock.json locks it") for name in wanted
            )
            continue
        lock = max(locks, key=len) if locks else ""
        yield from (_node_tool(listing, name, folder, lock) for name in wanted)


def _node_tool(listing: Listing, name: str, folder: str, lock: str) -> Analyser | Unfit:
    environment = Environment(toolchains=("node",), lockfiles=(lock,))
    programs = quote(f"/workspace/{folder_of(lock)}/node_modules/.bin".replace("//", "/"))
    before = f'{enter(folder)}PATH={programs}:"$PATH"; '
    if name == "eslint":
        return Analyser(
            "eslint", "lint", f"{before}eslint --format json .", FindingsForm.ESLINT, environment, folder
        )
    if not listing.has(f"{folder}/tsconfig.json".lstrip("/")):
        return Unfit("tsc", f"{folder or 'the root'} has no tsconfig.json")
    run = f"{before}tsc --noEmit --pretty false"
    return Analyser("tsc", "types", run, FindingsForm.LINES, environment, folder, good_codes=(0, 1, 2))
