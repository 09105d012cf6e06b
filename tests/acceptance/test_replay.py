"""A run is played again without a model, byte for byte; where the code asks something else, that is said."""

import asyncio
import json
import zipfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.conversation import Finish, Message, Question, Reply, Speaker, TokenUse, said
from astrolabe.domain.plan import Backoff, Plan
from astrolabe.engine.local import LocalDriver
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import InputError, MissingError, ModelBusyError
from astrolabe.ports.model import Heard, Model, ModelInfo, unheard
from astrolabe.sdk import AgentFailedError, Check, Plugin, Task, Workbench
from astrolabe.services.builds import begin, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.services.recording import Recording, read_recording, record, write_recording
from astrolabe.services.replaying import Replay, replay
from astrolabe.settings import Settings
from tests.person import CACHE, Person

INFO = ModelInfo("here/one", "here", 8000, 500)


class Counting:
    """A model whose every answer is another one; the third question finds it busy."""

    def __init__(self) -> None:
        self.asked = 0

    @property
    def info(self) -> ModelInfo:
        return INFO

    async def ask(self, question: Question, heard: Heard = unheard) -> Reply:
        self.asked += 1
        if self.asked == 3:
            raise ModelBusyError("busy", retry_after_seconds=0.001)
        message: Message = said(Speaker.ASSISTANT, f"answer {self.asked}")
        return Reply(message=message, finish=Finish.STOP, use=TokenUse(read=9, written=3), model="here/one")

    def chain(self, agent: str) -> Sequence[Model]:
        return (self,)

    def named(self, name: str) -> Model:
        return self


class Writer:
    """Asks, writes the answer, runs a command whose output is never the same, and asks about that."""

    name = "writer"
    version = "1"
    greeting = "What is to be written?"

    async def work(self, task: Task, bench: Workbench) -> None:
        window = bench.models()[0].window
        first = await bench.ask(question(f"{self.greeting} ({window})"))
        await bench.write({f"{task.id}.txt": first.message.text})
        done = await bench.run(f"date +%s%N > stamp-{task.id}; cat stamp-{task.id}")
        second = await bench.ask(question(done.stdout))
        await bench.write({f"{task.id}.txt": f"{first.message.text}\n{second.message.text}\n"})
        known = await bench.context.get("notes")
        await bench.context.set(f"note-{task.id}", {"seen": known is not None})


class Failing(Writer):
    name = "failing"

    async def work(self, task: Task, bench: Workbench) -> None:
        await bench.ask(question("one"))
        tries = await bench.run("echo tried")
        if "1" in task.id and tries.stdout:
            raise AgentFailedError("not this time")


def question(text: str) -> Question:
    return Question(messages=(said(Speaker.USER, text),), most_tokens=50)


PLAN = Plan(
    goal="write",
    tasks=(
        Task(
            id="one",
            name="one",
            agent="writer",
            writes=("**",),
            checks=(Check(name="there", run="test -s one.txt"),),
        ),
        Task(id="two", name="two", agent="writer", writes=("**",), depends_on=("one",)),
        Task(id="try1", name="try", agent="failing", retries=1, backoff=Backoff(base=0), depends_on=("two",)),
    ),
)


@asynccontextmanager
async def installed(home: Path) -> AsyncGenerator[Installation]:
    plugin = Plugin(name="writers", agents=(Writer(), Failing()))
    async with open_installation(Settings(home=home, cache=CACHE), plugins=[plugin]) as installation:
        yield installation


async def recorded(folder: Path) -> tuple[Recording, Counting]:
    models = Counting()
    async with installed(folder / "home") as installation:
        begun = await begin(installation, await propose_plan(installation, PLAN, folder / "target"))
        assert begun.lease is not None
        shop = replace(installation.driver._shop, models=models)
        await LocalDriver(shop).drive(begun.lease, PLAN, begun.workspace, Watcher())
        return await record(installation, begun.record), models


async def played(folder: Path, recording: Recording) -> Replay:
    async with installed(folder / "elsewhere") as installation:
        return await replay(installation, recording, folder / "played", Watcher())


def test_a_run_is_played_again_byte_for_byte_by_an_installation_that_has_no_model(tmp_path: Path) -> None:
    async def tried() -> None:
        recording, models = await recorded(tmp_path)
        write_recording(recording, tmp_path / "run.zip")
        told = (await played(tmp_path, read_recording(tmp_path / "run.zip"))).document()
        assert told["turns"] == []
        assert told["same"]
        assert told["tasks"][2]["now"]["status"] == "failed"
        assert (
            models.asked == 7
        )  # four answers to the writer, one of them at the second try, and two of the failing one

    asyncio.run(tried())


def test_where_the_code_asks_something_else_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tried() -> None:
        recording, _ = await recorded(tmp_path)
        monkeypatch.setattr(Writer, "greeting", "What shall I write?")
        again = await played(tmp_path, recording)
        assert not again.same
        assert [turn.step for turn in again.turns] == ["one/1/1/model", "two/1/1/model", "two/1/2/model"]
        assert all(task["same"] for task in again.tasks.values())

    asyncio.run(tried())


def test_what_was_never_recorded_is_never_made_up(tmp_path: Path) -> None:
    async def tried() -> None:
        recording, _ = await recorded(tmp_path)
        cut = {key: step for key, step in recording.steps.items() if key != "two/1/4/model"}
        again = await played(tmp_path, replace(recording, steps=cut))
        assert again.tasks["two"]["now"]["status"] == "failed"
        assert "two/1/4/model" in [turn.step for turn in again.turns]

    asyncio.run(tried())


def test_equal_recordings_are_equal_files_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    recording, _ = asyncio.run(recorded(tmp_path))
    write_recording(recording, tmp_path / "a.zip")
    write_recording(read_recording(tmp_path / "a.zip"), tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with pytest.raises(InputError, match="already there"):
        write_recording(recording, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as old, zipfile.ZipFile(tmp_path / "c.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name, b"other" if name.startswith("blobs/") else old.read(name))
    with pytest.raises(InputError, match="was changed"):
        read_recording(tmp_path / "c.zip")


def test_what_was_said_is_kept_in_the_order_it_was_said_in(tmp_path: Path) -> None:
    recording, _ = asyncio.run(recorded(tmp_path))
    step = next(iter(recording.steps))
    told = {"path": "a", "content": "b"}
    recording.steps[step] = replace(recording.steps[step], reply=told)
    write_recording(recording, tmp_path / "a.zip")
    assert json.dumps(read_recording(tmp_path / "a.zip").steps[step].reply) == json.dumps(told)


def tampered(path: tuple[str, ...], value: Any) -> Callable[[dict[str, Any]], None]:
    """Put a value somewhere; `*` is all there are."""

    def change(part: Any) -> None:
        for name in path[:-1]:
            part = next(iter(part.values())) if name == "*" else part[name]
        part[next(iter(part)) if path[-1] == "*" else path[-1]] = value

    return change


TAMPERED = [
    (("plan",), {}),
    (("plan",), []),
    (("steps",), []),
    (("steps", "*", "used"), []),
    (("steps", "*", "used"), {"money": "x"}),
    (("chains",), [1]),
    (("chains", "*"), [{}]),
    (("trees", "*", "*"), ["x", "y"]),
    (("trees", "*", "*"), [0o160000, "y"]),
    (("tasks", "*", "tree"), 5),
    (("ground",), {"base": "nope"}),
    (("goal",), 5),
]


@pytest.mark.parametrize(("path", "value"), TAMPERED, ids=str)
def test_a_recording_of_another_form_is_refused(
    whole: Path, tmp_path: Path, path: tuple[str, ...], value: Any
) -> None:
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "b.zip", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "recording.json":
                told = json.loads(content)
                tampered(path, value)(told)
                content = json.dumps(told).encode()
            new.writestr(name, content)
    with pytest.raises(InputError, match=r"no recording of a run|lacks"):
        read_recording(tmp_path / "b.zip")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    recording, _ = asyncio.run(recorded(folder))
    recording.trees.setdefault("x", {"a": (0o100644, next(iter(recording.blobs)))})
    write_recording(recording, folder / "a.zip")
    return folder / "a.zip"


@pytest.mark.parametrize("how", ["encrypted", "garbled"])
def test_one_that_cannot_be_unpacked_is_refused(whole: Path, tmp_path: Path, how: str) -> None:
    content = bytearray(whole.read_bytes())
    if how == "encrypted":
        content[6] |= 1
        content[content.rfind(b"PK\x01\x02", 0, content.find(b"recording.json", 60)) + 8] |= 1
    else:
        content[60:90] = b"x" * 30
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(InputError, match="no recording of a run"):
        read_recording(tmp_path / "b.zip")


def test_what_is_no_recording_is_refused_in_words(person: Person, tmp_path: Path) -> None:
    person.file("a.zip", "no zip")
    done = person.types("replay", tmp_path / "a.zip")
    assert done.code == 2
    assert "no recording of a run" in done.err
    assert person.types("replay", "nosuchrun").code == 2
    with pytest.raises(MissingError):
        read_recording(tmp_path / "none.zip")


def test_the_command_line_records_and_plays(person: Person, tmp_path: Path) -> None:
    plan = person.file(
        "plan.yaml",
        "goal: g\ntasks:\n  - {id: a, agent: command, inputs: {run: date > when}, writes: [when], checks: [test -s when]}\n",
    )
    assert person.types("run", plan, "--workspace", tmp_path / "w", "--json").code == 0
    assert person.types("runs", "record", "last", "--out", tmp_path / "r.zip").code == 0
    again = person.types("replay", tmp_path / "r.zip")
    assert again.code == 0
    assert "the same, byte for byte" in again.out
    assert person.types("replay", "last", "--json").document["same"]
