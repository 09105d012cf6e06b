"""A run as one file that holds all it takes to run it again without a model: plan, trees, and each step with its reply."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from astrolabe.domain.budget import Usage
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import Plan
from astrolabe.errors import InputError, MissingError, Problem
from astrolabe.planning.visible import visible
from astrolabe.ports.model import ModelInfo
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.store import RunRecord
from astrolabe.ports.workspace import Workspace
from astrolabe.services.cluster import workspace_of
from astrolabe.services.installation import Installation
from astrolabe.services.runs import begun_plan, view_run

SHAPE = "astrolabe.recording/1"
LARGEST_BYTES = 500_000_000
_INDEX = "recording.json"
_JSON = TypeAdapter[dict[str, JsonValue]](dict[str, JsonValue])
_MOST_TOLD = 10
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValidationError,
    EOFError,
    RuntimeError,  # it is encrypted, or compressed in a way that is not known
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""When everything in the file was written, as it says: so that equal recordings are equal files."""

Listed = dict[str, tuple[int, str]]
"""A tree: mode and SHA-256 of the content, by path."""


@dataclass(frozen=True)
class RecordedStep:
    """`about` names what was asked; see `engine/steps.py`."""

    about: str
    reply: Any
    used: dict[str, Any]


@dataclass(frozen=True)
class RecordedTask:
    """How a task ended. `trees` are what its attempts left, by their number."""

    status: str
    tree: str | None
    verdicts: dict[str, str]


@dataclass
class Recording:
    """`ground` maps `base`, `onto` and `previous` to trees; `chains` what was known of the models, by agent."""

    run: str
    goal: str
    status: str
    plan: dict[str, Any]
    ground: dict[str, str]
    steps: dict[str, RecordedStep]
    tasks: dict[str, RecordedTask]
    chains: dict[str, list[dict[str, Any]]]
    trees: dict[str, Listed] = field(default_factory=dict[str, Listed])
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def files(self, tree: str) -> tuple[FileEntry, ...]:
        """Return a recorded tree's files."""
        listed = self.trees[tree].items()
        return tuple(FileEntry(path, mode, self.blobs[digest]) for path, (mode, digest) in listed)


async def record(installation: Installation, run: RunRecord) -> Recording:
    """Return the recording of a run as far as it has come.

    Raises:
        StorageError: something of it is gone.
    """
    view = await view_run(installation, run)
    events = await installation.store.events(run.id)
    workspace = await workspace_of(installation, run)
    await workspace.start()
    begun_with = await begun_plan(installation, run, events)
    ground = view.state.ground
    stands_on = {
        name: await workspace.tree_of(commit)
        for name, commit in (("base", ground.base), ("onto", ground.onto))
        if commit is not None
    }
    if ground.previous is not None:
        stands_on["previous"] = ground.previous
    recording = Recording(
        run=run.id,
        goal=run.goal,
        status=view.state.status,
        plan=begun_with.model_dump(mode="json"),
        ground=stands_on,
        steps=_steps(events),
        tasks={
            name: RecordedTask(
                task.status,
                task.tree or task.worked_tree,
                {item.check: item.verdict for item in task.evidence},
            )
            for name, task in view.state.tasks.items()
        },
        chains={},
    )
    recording.chains.update(_chains(recording, begun_with))
    for tree in sorted(_trees(recording)):
        await _take_in(recording, workspace, tree)
    return recording


def _steps(events: Sequence[Event]) -> dict[str, RecordedStep]:
    about: dict[str, str] = {}
    steps: dict[str, RecordedStep] = {}
    for event in events:
        if event.type == EventType.STEP_INTENDED:
            about[event.data["key"]] = event.data.get("about", "")
        elif event.type == EventType.STEP_DONE:
            key = event.data["key"]
            steps[key] = RecordedStep(about.get(key, ""), event.data["reply"], event.data.get("used", {}))
    return steps


def _chains(recording: Recording, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Return what agents knew of their models: it stands with the first question of each attempt."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, step in recording.steps.items():
        if "chain" in (reply := _fields(step.reply)):
            agent = reply.get("agent") or plan.task(key.partition("/")[0]).agent
            found.setdefault(agent, reply["chain"])
    return found


def _fields(reply: Any) -> dict[str, Any]:
    """Return a reply that is an object; another has no fields."""
    return cast("dict[str, Any]", reply) if isinstance(reply, dict) else {}


def _trees(recording: Recording) -> set[str]:
    """Return the trees that steps have led to, and those the run stood on."""
    run = (_fields(step.reply).get("tree") for key, step in recording.steps.items() if key.endswith("/run"))
    return {*recording.ground.values(), *(tree for tree in run if isinstance(tree, str))}


async def _take_in(recording: Recording, workspace: Workspace, tree: str) -> None:
    listed: Listed = {}
    for entry in await workspace.files(tree):
        digest = hashlib.sha256(entry.content).hexdigest()
        recording.blobs[digest] = entry.content
        listed[entry.path] = (entry.mode, digest)
    recording.trees[tree] = listed


# as a file


class _Fields(BaseModel):
    """The index of the file; what it does not know is passed over."""

    run: str
    goal: str
    status: str
    plan: dict[str, Any]
    ground: dict[str, str]
    steps: dict[str, RecordedStep]
    tasks: dict[str, RecordedTask]
    chains: dict[str, list[dict[str, Any]]]
    trees: dict[str, dict[str, tuple[Literal[0o100644, 0o100755, 0o120000], str]]]


_CHAINS = TypeAdapter[dict[str, list[ModelInfo]]](dict[str, list[ModelInfo]])


def write_recording(recording: Recording, file: Path) -> None:
    """Write a recording; equal ones give equal bytes.

    Raises:
        InputError: there is something of that name already.
    """
    if file.exists():
        raise InputError(f"{visible(str(file))} is already there", hint="Name another file with --out.")
    told = {"shape": SHAPE, **_as_told(recording)}
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(
            archive,
            _INDEX,
            # in the order things were said in: arguments told in another one are another question
            json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "surrogateescape"),
        )
        for digest, content in sorted(recording.blobs.items()):
            _add(archive, f"blobs/{digest}", content)
    file.write_bytes(buffer.getvalue())


def _as_told(recording: Recording) -> dict[str, Any]:
    told = {name: value for name, value in vars(recording).items() if name != "blobs"}
    told["steps"] = {key: asdict(step) for key, step in recording.steps.items()}
    told["tasks"] = {name: asdict(task) for name, task in recording.tasks.items()}
    return told


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def read_recording(file: Path) -> Recording:
    """Return the recording in a file.

    Raises:
        MissingError: there is no such file.
        InputError: it is no recording, or was changed.
    """
    shown = visible(str(file))
    if not file.is_file():
        raise MissingError(f"there is no file {shown}")
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                raise InputError(f"{shown} holds more than {LARGEST_BYTES:,} bytes")
            told = _JSON.validate_json(archive.read(_INDEX))
            blobs = {name.removeprefix("blobs/"): archive.read(name) for name in _blobs(archive.namelist())}
    except _UNREADABLE as fault:
        raise InputError(
            f"{shown} is no recording of a run", [Problem(shown, str(fault).splitlines()[0])]
        ) from fault
    if told.pop("shape", None) != SHAPE:
        raise InputError(f"{shown} is no recording of this kind ({SHAPE})")
    damaged = [digest for digest, content in blobs.items() if hashlib.sha256(content).hexdigest() != digest]
    if damaged:
        raise InputError(f"{shown} was changed: {len(damaged)} of its files are not what their names say")
    return _read(told, blobs, shown)


def _blobs(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("blobs/")]


def _read(told: Mapping[str, Any], blobs: dict[str, bytes], shown: str) -> Recording:
    try:
        recording = Recording(**dict(_Fields.model_validate(told)), blobs=blobs)
        Plan.model_validate(recording.plan)
        _CHAINS.validate_python(recording.chains)
        for step in recording.steps.values():
            Usage.model_validate(step.used)
    except ValidationError as fault:
        problems = [
            Problem(".".join(map(str, one["loc"])), one["msg"]) for one in fault.errors()[:_MOST_TOLD]
        ]
        raise InputError(f"{shown} is no recording of a run", problems) from fault
    lacking = {digest for listed in recording.trees.values() for _, digest in listed.values()} - blobs.keys()
    if lacking:
        raise InputError(f"{shown} lacks {len(lacking)} of its files")
    if without := set(recording.ground.values()) - recording.trees.keys():
        raise InputError(f"{shown} lacks {len(without)} of its trees")
    return recording
