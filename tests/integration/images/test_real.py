"""The pinned toolchains from the real registries, and installations in the real sandbox."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest

from astrolabe.adapters.images import ImageCache, ImageOptions
from astrolabe.adapters.images.relock import relocked
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import FileEntry, Outcome, Setup
from tests.integration.images.conftest import DETERMINISM, Machine, Registry, archive_of, wheel_of

pytestmark = pytest.mark.slow


class Place:
    """A cache, and the sandbox it installs in, which gets its bubblewrap from that cache."""

    def __init__(self, cache: Path, environment: Mapping[str, str], **options: object) -> None:
        chosen = ImageOptions.model_validate(options)
        self.images = ImageCache(cache, lambda: self.sandbox, DETERMINISM, environment, options=chosen)
        self.sandbox = NamespaceSandbox(self.images.bubblewraps, cache / "sandbox", DETERMINISM)

    async def run(self, command: str, *images: Image) -> Outcome:
        setup = Setup(
            mounts=tuple(mount for image in images for mount in image.mounts),
            environment={name: value for image in images for name, value in image.environment.items()},
            path=tuple(folder for image in images for folder in image.path),
        )
        async with self.sandbox.open(setup) as session:
            await session.put([FileEntry("page.js", 0o100644, b"")])
            return await session.run(["sh", "-c", command])


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A machine whose own tools are not used."""
    return Place(tmp_path_factory.mktemp("bare"), dict(os.environ), use_system_tools=False)


def test_node_and_npm_run_in_the_sandbox_from_the_wheel(bare: Place):
    async def versions() -> Outcome:
        return await bare.run(
            "which node; node --version; npm --version; npx --version", await bare.images.toolchain("node")
        )

    outcome = asyncio.run(versions())
    assert outcome.exit_code == 0, outcome.stderr
    lines = outcome.stdout.decode().split()
    assert lines[:2] == ["/opt/astrolabe/node/bin/node", "v24.19.0"]
    assert lines[2] == lines[3]


def test_chromium_starts_in_the_sandbox_with_its_own_libraries(bare: Place):
    async def version() -> Outcome:
        return await bare.run('"$ASTROLABE_CHROMIUM" --version', await bare.images.toolchain("chromium"))

    outcome = asyncio.run(version())
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.startswith(b"Chromium 153.")


def test_what_was_fetched_serves_without_a_network(bare: Place, tmp_path: Path):
    async def again() -> list[Image]:
        await bare.images.bubblewraps()
        images = [await bare.images.toolchain(name) for name in ("node", "chromium")]
        closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "npm_config_registry": "http://127.0.0.1:9/"}
        offline = Place(bare_cache(images), closed, use_system_tools=False)
        assert [await offline.images.toolchain(name) for name in ("node", "chromium")] == images
        return images

    assert len(asyncio.run(again())) == 2


def bare_cache(images: list[Image]) -> Path:
    return images[0].mounts[0].source.parents[2]


def test_dependencies_are_installed_offline_and_no_script_of_theirs_runs(
    bare: Place, machine: Machine, registry: Registry
):
    scripts = dict.fromkeys(("preinstall", "install", "postinstall"), "exit 1")
    manifest = {"name": "tool", "version": "1.0.0", "bin": {"tool": "tool.js"}, "scripts": scripts}
    tool = archive_of(
        {
            "package.json": json.dumps(manifest).encode(),
            "tool.js": b"#!/usr/bin/env node\nconsole.log('works')",
        }
    )
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {
                "name": "shop",
                "version": "1.0.0",
                "workspaces": ["api"],
                "dependencies": {"tool": "1.0.0"},
            },
            "api": {"name": "api", "version": "1.0.0"},
            "node_modules/api": {"resolved": "api", "link": True},
            "node_modules/tool": {
                "version": "1.0.0",
                "integrity": registry.add_npm("tool", "1.0.0", tool),
                "hasInstallScript": True,
                "bin": {"tool": "tool.js"},
            },
        },
    }
    packages = lock["packages"]
    assert isinstance(packages, dict)
    files = {
        "package-lock.json": json.dumps(lock).encode(),
        "package.json": json.dumps(packages[""] | {"scripts": scripts}).encode(),
        "api/package.json": json.dumps(packages["api"] | {"scripts": scripts}).encode(),
    }

    async def installed() -> Outcome:
        await bare.images.bubblewraps()  # from the real index: the test's own registry has none
        node = await bare.images.toolchain("node")
        place = Place(bare_cache([node]), machine.environment, use_system_tools=False)
        image = await place.images.dependencies("package-lock.json", files)
        command = "node_modules/.bin/tool && readlink node_modules/api && mkdir node_modules/.vite"
        return await place.run(command, node, image)

    outcome = asyncio.run(installed())
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.decode().split() == ["works", "../api"]


def test_locking_again_puts_a_wrong_hash_right(tmp_path: Path):
    text = resources.files("astrolabe.adapters.images").joinpath("toolchains.toml").read_text("utf-8")
    start, end = text.index("[bubblewrap]"), text.index("[node]")
    shipped = text[start:end]
    spoilt = shipped.replace("sha256:592c8c60", "sha256:00000000").replace("57346", "1")
    assert relocked(spoilt, {}, tmp_path) == shipped


def test_locked_python_packages_are_imported_in_the_sandbox_and_nothing_else(
    bare: Place, registry: Registry, machine: Machine
):
    code = b"import pathlib\nHERE = pathlib.Path(__file__)\n"
    # The second file does not compile: packages carry such for other Pythons.
    wheel = wheel_of({"toy/__init__.py": code, "toy/for_python_9.py": b"def ("})
    registry.add_wheel("toy", "toy-1.0-py3-none-any.whl", wheel)
    lock = f"toy==1.0 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n".encode()
    place = Place(machine.cache, machine.environment | {"PATH": os.environ["PATH"]})
    place.sandbox = bare.sandbox
    asking = (
        '"$ASTROLABE_PYTHON" -S -c "import toy, sys; print(sys.version_info[:2], toy.HERE, *toy.HERE.parent.glob(\'*/*\'))"'
        ' && ! "$ASTROLABE_PYTHON" -S -c "import pip"'
    )

    async def imported() -> Outcome:
        images = [
            await place.images.toolchain("python"),
            await place.images.dependencies("requirements.txt", {"requirements.txt": lock}),
        ]
        return await place.run(asking, *images)

    outcome = asyncio.run(imported())
    assert outcome.exit_code == 0, outcome.stderr
    said = outcome.stdout.decode()
    assert said.startswith(f"{sys.version_info[:2]} /opt/astrolabe/python/site-packages/toy/__init__.py")
    assert f"__pycache__/__init__.cpython-{sys.version_info.major}{sys.version_info.minor}.pyc" in said
