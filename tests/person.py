"""Somebody who types commands: each test has an installation of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from astrolabe.cli.main import main

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
"""Toolchains, which all tests share."""


BEGUN = """
import asyncio, os, sys
from pathlib import Path
from astrolabe.bootstrap import open_installation
from astrolabe.services.builds import begin, propose_plan
from astrolabe.services.plans import read_plan
from astrolabe.settings import load_settings

async def main():
    async with open_installation(load_settings()) as installation:
        proposal = await propose_plan(installation, read_plan(installation, sys.argv[1]), Path(sys.argv[2]))
        await begin(installation, proposal)
        os._exit(0)

asyncio.run(main())
"""


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Person:
    """Types commands into this process, as the installed program would get them."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def types(self, *words: str | Path) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["astrolabe", *map(str, words)])
        self._capsys.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
        told = self._capsys.readouterr()
        return Done(code, told.out, told.err)

    def begins(self, plan: Path, target: Path) -> None:
        """Leave a run of a plan behind whose process died when it had just begun."""
        subprocess.run([sys.executable, "-c", BEGUN, plan, target], check=True)

    def shell(self, line: str) -> str:
        """Type a line into a shell in the person's folder, and return what it printed; it must not fail."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        identity = {
            f"GIT_{who}_{what}": "p@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            ["sh", "-ec", line],
            cwd=self.folder,
            env=os.environ | identity | {"PATH": programs, "GIT_PAGER": "cat"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def installs(self, plugin: str) -> None:
        """Install a distribution of one plugin, given as `module:name`."""
        site = self.folder / "site"
        facts = site / "a_plugin-1.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1\n")
        (facts / "entry_points.txt").write_text(f"[astrolabe.plugins]\na_plugin = {plugin}\n")
        self._monkeypatch.syspath_prepend(site)

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Person:
    for name in [name for name in os.environ if name.startswith("ASTROLABE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASTROLABE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASTROLABE_CACHE", str(CACHE))
    monkeypatch.setenv("COLUMNS", "100")
    return Person(tmp_path, monkeypatch, capsys)
