"""The whole way by the commands a person types: a server, a worker, a run from a plan to the published branch."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from astrolabe.testing.models import ModelServer, call, say
from tests.person import CACHE
from tests.temporal import free_port

ASTROLABE = Path(sys.executable).with_name("astrolabe")
PLAN = {
    "goal": "Two parts and their sum",
    "tasks": [
        {"id": "one", "agent": "command", "inputs": {"run": "echo 1 > one"}, "writes": ["one"]},
        {"id": "two", "agent": "command", "inputs": {"run": "echo 2 > two"}, "writes": ["two"]},
        {
            "id": "sum",
            "agent": "command",
            "inputs": {"run": "echo $(($(cat one) + $(cat two))) > sum"},
            "depends_on": ["one", "two"],
            "writes": ["sum"],
            "checks": ["grep -qx 3 sum"],
        },
    ],
}

LOUD = {
    "goal": "greet louder",
    "reasoning": "One word.",
    "tasks": [
        {
            "id": "louder",
            "agent": "code",
            "goal": "greeting must hold HELLO",
            "writes": ["greeting"],
            "checks": ["grep -q HELLO greeting"],
        }
    ],
}
LOUDLY = (
    call("read", {"path": "greeting"}),
    call("write", {"path": "greeting", "content": "HELLO\n"}),
    call("finish", {"summary": "It is loud now.", "subject": "Greet louder"}),
    call("verdict", {"summary": "Looked at it.", "verdict": "pass", "findings": []}),
)


@contextmanager
def going(environment: dict[str, str], *words: str, until: str) -> Generator[subprocess.Popen[str]]:
    """Run a command that goes on until it is told to end; yields once it has said a certain thing."""
    command = [ASTROLABE, *words]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            said = ""
            while until not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a command as a person does, so that it ends what it has started; one that does not is killed."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()


def done(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [ASTROLABE, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def variables(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASTROLABE_")}
    return kept | {"ASTROLABE_HOME": str(home), "ASTROLABE_CACHE": str(CACHE), **more}


def git(folder: Path, words: Sequence[str]) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_plan_is_carried_out_by_a_worker_and_its_result_published(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN))
    here = variables(tmp_path / "home", ASTROLABE_TEMPORAL_ADDRESS=f"127.0.0.1:{port}")
    elsewhere = str(tmp_path / "elsewhere")
    with going(here, "temporal", "dev", "--port", str(port), until="export") as server:
        with going(here, "run", str(file), "--workspace", elsewhere, until="--agents command") as waiting:
            waiting.send_signal(signal.SIGINT)
            assert waiting.stdout
            told = waiting.stdout.read()
            assert (waiting.wait(timeout=60), "goes on without" in told, "resume" in told) == (4, True, False)
        with going(here, "worker", "--agents", "command", until="serving") as worker:
            ran = done(here, "run", str(file), "--workspace", str(tmp_path / "target"), "--json")
            assert ran.returncode == 0, ran.stdout + ran.stderr
            seen = done(here, "runs", "list", "--json")
            (first,) = [run for run in json.loads(seen.stdout) if run["target"] == elsewhere]
            assert done(here, "runs", "follow", first["id"]).returncode == 0, (
                "what had no worker goes on with one"
            )
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=60) == 0
        shown = done(here, "runs", "log", "last", "--json")
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0
    events = json.loads(shown.stdout)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["actor"] for event in events if event["type"] == "task.passed"} != {events[0]["actor"]}
    assert (tmp_path / "target" / "sum").read_text() == "3\n"
    assert git(tmp_path / "target", ["status", "--porcelain"]) == ""
    assert "Astrolabe-Check: passed" in git(tmp_path / "target", ["log", "-1", "--format=%B"])


def test_a_worker_says_what_it_lacks(tmp_path: Path) -> None:
    lonely = done(variables(tmp_path), "worker")
    assert (lonely.returncode, "ASTROLABE_TEMPORAL_ADDRESS" in lonely.stderr) == (6, True)
    nowhere = variables(tmp_path, ASTROLABE_TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}")
    unreachable = done(nowhere, "worker", "--agents", "command")
    assert (unreachable.returncode, "cannot be reached" in unreachable.stderr) == (6, True)
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    refused = done(nowhere, "run", str(tmp_path / "plan.json"), "--workspace", str(tmp_path / "target"))
    assert (refused.returncode, "cannot be reached" in refused.stderr) == (6, True)
    assert json.loads(done(nowhere, "runs", "list", "--json").stdout) == [], "nothing was begun"
    unknown = done(nowhere, "worker", "--agents", "nobody")
    assert (unknown.returncode, "'nobody'" in unknown.stderr) == (2, True)


def test_a_server_whose_port_is_taken_is_not_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        refused = done(variables(tmp_path), "temporal", "dev", "--port", str(port))
    assert (refused.returncode, refused.stdout) == (6, "")
    assert f"port {port}" in refused.stderr
    assert "--port" in refused.stderr
    assert not list(tmp_path.rglob("*.log")), "nothing was started"


def test_a_goal_is_planned_by_a_model_and_carried_out_by_workers(tmp_path: Path) -> None:
    repository = tmp_path / "project"
    repository.mkdir()
    (repository / "greeting").write_text("hello\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "before"]):
        git(repository, words)
    (repository / "mine").write_text("not committed\n")
    with ModelServer([say(json.dumps(LOUD)), *LOUDLY]) as models:
        port = free_port()
        here = variables(
            tmp_path / "home",
            ASTROLABE_TEMPORAL_ADDRESS=f"127.0.0.1:{port}",
            ASTROLABE_MODELS__USE="own/scripted",
            ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL=models.openai_url,
            ASTROLABE_MODELS__PROVIDERS__OWN__WINDOW="32000",
        )
        with (
            going(here, "temporal", "dev", "--port", str(port), until="export"),
            going(here, "worker", until="serving"),
        ):
            ran = done(here, "run", str(LOUD["goal"]), "--repo", str(repository), "--yes", "--json")
            assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert [task["status"] for task in told["tasks"]] == ["passed", "passed"]
    assert told["planning"]["model_calls"] == 1
    assert (repository / "greeting").read_text() == "HELLO\n"
    assert (repository / "mine").read_text() == "not committed\n"
    assert len([request for request in models.requests if request.method == "POST"]) == 1 + len(LOUDLY)
