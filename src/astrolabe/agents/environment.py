"""From what a task says it needs to a sandbox that has it."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from astrolabe.domain.plan import Environment
from astrolabe.domain.policy import Policy
from astrolabe.errors import PolicyViolationError
from astrolabe.ports.images import Image, Images, Report
from astrolabe.ports.sandbox import Setup
from astrolabe.ports.workspace import Workspace

MANIFESTS: dict[str, tuple[str, ...]] = {
    "package-lock.json": ("package.json", "*/package.json", "package-lock.json", ".npmrc")
}
"""For each kind of lock file, the files that must lie beside it when its dependencies are installed."""

_FOLDERS = ("PYTHONPATH",)


HOW_TO_REACH = "The operator can allow hosts: ASTROLABE_EGRESS__HOSTS='[\"registry.npmjs.org:443\"]'."


def unreachable(denied: Sequence[str]) -> str:
    """Say that destinations are not allowed."""
    return f"the settings let no sandbox reach {', '.join(denied)}"


@dataclass(frozen=True)
class Prepared:
    """A setup, and the digest of everything in it but the policy."""

    setup: Setup
    digest: str


class Preparer:
    """Resolves environments; equal ones of one tree are resolved once and shared."""

    def __init__(
        self,
        images: Images,
        workspace: Workspace,
        report: Report | None = None,
        reachable: frozenset[str] = frozenset(),
    ) -> None:
        self._images = images
        self._workspace = workspace
        self._report = report
        self._reachable = reachable

    async def prepare(self, environment: Environment, tree: str, policy: Policy) -> Prepared:
        """Return the sandbox setup for an environment whose lock files are those of `tree`.

        Raises:
            FetchError: something it needs could not be fetched.
            MissingError: it names an unknown toolchain, or a lock file that the tree does not have.
            PolicyViolationError: the policy would reach what the operator does not allow.
        """
        if denied := [name for name in policy.network if name not in self._reachable]:
            raise PolicyViolationError(unreachable(denied), hint=HOW_TO_REACH)
        images = [await self._images.toolchain(name, self._report) for name in environment.toolchains]
        images += [await self._locked(lockfile, tree) for lockfile in environment.lockfiles]
        return Prepared(_setup(images, policy), _digest(images))

    async def _locked(self, lockfile: str, tree: str) -> Image:
        name = lockfile.rsplit("/", 1)[-1]
        folder = lockfile[: -len(name)]
        patterns = tuple(folder + pattern for pattern in MANIFESTS.get(name, (name,)))
        files = {entry.path: entry.content for entry in await self._workspace.files(tree, patterns)}
        return await self._images.dependencies(lockfile, files, self._report)


def _setup(images: Sequence[Image], policy: Policy) -> Setup:
    variables: dict[str, str] = {}
    for image in images:
        variables.update({**image.environment, **_joined(variables, image.environment)})
    return Setup(
        policy=policy,
        mounts=tuple(mount for image in images for mount in image.mounts),
        environment=variables,
        path=tuple(folder for image in images for folder in image.path),
    )


def _joined(before: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Return the lists of folders that both have: what a project has locked is found before what a toolchain brings."""
    return {name: f"{added[name]}:{before[name]}" for name in _FOLDERS if name in before and name in added}


def _digest(images: Sequence[Image]) -> str:
    return hashlib.sha256("\n".join(f"{image.name} {image.digest}" for image in images).encode()).hexdigest()


Prepare = Callable[[Environment, str, Policy], Awaitable[Prepared]]
