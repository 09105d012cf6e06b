"""Suites, settings, and recordings of earlier work, as they stand in files."""

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from target import JSON_WORDS, YAML_WORDS, Target, files

from astrolabe.errors import InputError, SettingsError
from astrolabe.evaluation.exercises import read_exercise
from astrolabe.evaluation.reading import read_suite
from astrolabe.services.recording import read_recording
from astrolabe.settings import load_settings
from astrolabe.testing.models.transcripts import Transcript

HERE = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))


def suites(data: bytes) -> None:
    file = HERE / "suite.yaml"
    file.write_bytes(data)
    assert read_suite(file).tasks


def exercises(data: bytes) -> None:
    folder = HERE / "exercise"
    if not folder.is_dir():
        for name, content in {
            "a.py": "x",
            "a_test.py": "y",
            ".docs/instructions.md": "do",
            ".meta/example.py": "z",
        }.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    (folder / ".meta/config.json").write_bytes(data)
    read_exercise(folder, HERE)


def settings(data: bytes) -> None:
    file = HERE / "config.yaml"
    file.write_bytes(data)
    os.environ["ASTROLABE_CONFIG"] = str(file)
    load_settings()


def transcripts(data: bytes) -> None:
    file = HERE / "cassette.yaml"
    file.write_bytes(data)
    Transcript.read(file)


def recordings(data: bytes) -> None:
    file = HERE / "recording.zip"
    if data[:2] == b"PK":
        file.write_bytes(data)
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("recording.json", data)
    read_recording(file)


def _recordings() -> Iterable[bytes]:
    for data in files("tests/data/recordings/*.zip"):
        yield data
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive.read("recording.json")
    yield json.dumps({"shape": "astrolabe.recording/1", "steps": {"a/1/run": {"about": "", "reply": None, "used": {}}}, "tasks": {"a": {"status": "passed", "tree": None, "verdicts": {}}}, "trees": {}, "run": "r", "goal": "g", "status": "passed", "plan": {}, "ground": {}, "chains": {}}).encode()  # fmt: skip


SUITE = b"name: s\ntasks:\n- name: a\n  goal: do it\n  workspace: {a.py: 'x'}\n  hidden: {t.py: 'y'}\n  solution: {a.py: z}\n  checks: python t.py\n  timeout: 5\n  tags: [q]\n"
SETTINGS = b"home: /tmp/x\noffline: true\nmodels:\n  use: [ollama/q]\n  providers:\n    ollama: {base_url: 'http://127.0.0.1:1/v1'}\nengine: {parallel_tasks: 2}\nsandbox: {memory_bytes: 100000000}\nsearch: {provider: brave}\negress: {hosts: ['pypi.org:443']}\n"


TARGETS = {
    "suites": Target(suites, (InputError,), (*YAML_WORDS, b"tasks:", b"- name: a", b"goal: ", b"workspace: ", b"hidden: ", b"solution: ", b"checks: ", b"timeout: ", b"environment: ", b"budget: "), lambda: [SUITE, *files("benchmarks/skills/*.yaml")]),
    "exercises": Target(exercises, (InputError,), (*JSON_WORDS, b'"files"', b'"solution"', b'"test"', b'"example"', b'"a.py"', b'"a_test.py"', b'".meta/example.py"'), lambda: [b'{"files": {"solution": ["a.py"], "test": ["a_test.py"], "example": [".meta/example.py"]}}']),
    "settings": Target(settings, (SettingsError,), (*YAML_WORDS, *(f"{key}: ".encode() for key in ("home", "cache", "models", "use", "providers", "base_url", "engine", "budget", "skills", "search", "egress", "hosts", "private", "sandbox", "network", "local_models", "offline", "redis_url", "database_url", "hub", "temporal_address"))), lambda: [SETTINGS]),
    "transcripts": Target(transcripts, (InputError,), (*YAML_WORDS, b"interactions:\n", b"- request:\n", b"  response:\n", b"headers:\n", b"body:\n", b"string: ", b"status: {code: 200}", b"uri: http://[", b"content-encoding: [gzip]"), lambda: files("tests/data/transcripts/*/*.yaml", 24)),
    "recordings": Target(recordings, (InputError,), (*JSON_WORDS, b'"steps"', b'"tasks"', b'"trees"', b'"plan"', b'"reply"', b"blobs/", b"PK\3\4", b"PK\1\2", b"PK\5\6"), _recordings),
}  # fmt: skip
