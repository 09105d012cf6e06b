"""S1: one build, and the same commands typed one after another outside any sandbox."""

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astrolabe.bootstrap import open_installation
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import WORKSPACE
from astrolabe.settings import load_settings

ASTROLABE = Path(sys.executable).parent / "astrolabe"
NOBODY = 65534
MANIFESTS = ("package.json", "*/package.json", "package-lock.json", ".npmrc", "tests/api/requirements.txt")


@dataclass
class Taken:
    """What one side of a round took; `checks` maps names to seconds."""

    target: Path
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    checks: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def build(brief: Path, target: Path) -> Taken:
    """Build into a new folder with the settings of this process.

    Raises:
        SystemExit: the build did not pass, so its time means nothing.
    """
    taken = Taken(target)
    with _timed(taken):
        done = subprocess.run(
            [ASTROLABE, "build", brief, "--into", target, "--yes", "--json"],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise SystemExit(
            f"the build ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        )
    for check in json.loads(done.stdout)["checks"]:
        taken.checks[check["check"]] = check["duration_seconds"]
    return taken


@dataclass(frozen=True)
class ByHand:
    """The chain: the plan's checks with the images their environments name, and the application they are put to."""

    app: Path
    work: Path
    checks: tuple[Mapping[str, Any], ...]
    images: Mapping[str, tuple[Image, ...]]
    reachable: Mapping[Path, Path]

    def run(self, number: int) -> Taken:
        """Run the chain once on a copy of the application of its own; the copying is not timed."""
        taken = Taken(self.work / str(number))
        folder, scratch = self._copy(taken.target)
        with _timed(taken):
            for check in self.checks:
                began = time.perf_counter()
                code = self._command(check, folder, scratch)
                taken.checks[check["name"]] = time.perf_counter() - began
                if code not in {0, check.get("not_run_exit_code")}:
                    taken.faults.append(
                        f"{check['name']!r} ended with {code}, see {scratch / (check['name'] + '.log')}"
                    )
        shutil.rmtree(folder)
        return taken

    def _copy(self, place: Path) -> tuple[Path, Path]:
        folder, scratch = place / "app", place / "scratch"
        scratch.mkdir(parents=True)
        subprocess.run(["git", "clone", "-q", self.app, folder], check=True)
        for image in {image.digest: image for some in self.images.values() for image in some}.values():
            for mount in image.mounts:
                if mount.target.startswith(WORKSPACE + "/"):
                    inside = folder / mount.target.removeprefix(WORKSPACE + "/")
                    subprocess.run(["cp", "-a", mount.source, inside], check=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", place], check=True)
        return folder, scratch

    def _command(self, check: Mapping[str, Any], folder: Path, scratch: Path) -> int:
        images = self.images[check["name"]]
        variables = {"HOME": str(scratch), "TMPDIR": str(scratch), "LANG": "C.UTF-8"}
        variables["PATH"] = ":".join(
            [
                *(p for image in images for p in _outside(image, image.path, self.reachable)),
                "/usr/local/bin:/usr/bin:/bin",
            ]
        )
        for image in images:
            names, values = (
                image.environment.keys(),
                _outside(image, image.environment.values(), self.reachable),
            )
            variables.update(zip(names, values, strict=True))
        with (scratch / f"{check['name']}.log").open("wb") as log:
            return subprocess.run(
                ["sh", "-c", check["run"]],
                check=False,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **_unprivileged(),
            ).returncode


def planned(brief: Path) -> dict[str, Any]:
    """Return the plan a build of the brief would run."""
    told = subprocess.run(
        [ASTROLABE, "plan", brief, "--format", "json"], check=True, capture_output=True, text=True
    )
    return json.loads(told.stdout)


async def prepare(plan: Mapping[str, Any], app: Path, work: Path) -> ByHand:
    """Find the commands a person would type, and what the sandbox would give them.

    These are the checks of the last task, each once: those of the tasks before it look at parts of what these look at as
    a whole. What one makes lies in the folder for those that use it. A build looks at the format of each part by itself;
    a person does so once.
    """
    checks: list[Mapping[str, Any]] = []
    images: dict[str, tuple[Image, ...]] = {}
    async with open_installation(load_settings()) as installation:
        task = plan["tasks"][-1]
        parts = [check for check in task["checks"] if check["name"].startswith("Format of ")]
        whole = {**parts[0], "name": "Format", "run": "npm run format:check"}
        for check in [whole, *in_order([check for check in task["checks"] if check not in parts])]:
            needs = check.get("environment") or task["environment"]
            found = [await installation.images.toolchain(name) for name in needs.get("toolchains", ())]
            found += [
                await installation.images.dependencies(lockfile, manifests(app))
                for lockfile in needs.get("lockfiles", ())
            ]
            checks.append(check)
            images[check["name"]] = tuple(found)
    copies = _reachable((image for some in images.values() for image in some), work)
    return ByHand(app, work, tuple(checks), images, copies)


def in_order(checks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the checks so that each comes after those it uses, and otherwise as they were."""
    left, done = list(checks), []
    while left:
        known = {check["name"] for check in done}
        ready = next(check for check in left if known.issuperset(check["uses"]))
        left.remove(ready)
        done.append(ready)
    return done


def manifests(app: Path) -> dict[str, bytes]:
    """Return the files dependencies are installed from, by their path."""
    found = [path for pattern in MANIFESTS for path in sorted(app.glob(pattern))]
    return {str(path.relative_to(app)): path.read_bytes() for path in found}


def _outside(image: Image, texts: Any, reachable: Mapping[Path, Path]) -> list[str]:
    """Turn paths of the sandbox into those of the host."""
    found = list(texts)
    for mount in image.mounts:
        if not mount.target.startswith(WORKSPACE + "/"):
            found = [
                text.replace(mount.target, str(reachable.get(mount.source, mount.source))) for text in found
            ]
    return found


def _reachable(images: Iterable[Image], work: Path) -> dict[Path, Path]:
    """Copy what only root can reach, such as an interpreter in its home; return where each folder lies now."""
    copies: dict[Path, Path] = {}
    for source in {Path(mount.source) for image in images for mount in image.mounts}:
        closed = any(not folder.stat().st_mode & stat.S_IXOTH for folder in source.parents)
        if closed and source not in copies:
            copies[source] = work / "reachable" / str(len(copies))
            copies[source].parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", source, copies[source]], check=True)
    return copies


def _unprivileged() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class _timed:  # noqa: N801 - used as a function is
    """Note the wall and processor time of the processes ended inside."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _children_cpu()

    def __exit__(self, *_: object) -> None:
        self._taken.seconds = time.perf_counter() - self._wall
        self._taken.cpu_seconds = _children_cpu() - self._cpu


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
