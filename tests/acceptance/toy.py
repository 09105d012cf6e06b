"""A recipe small enough to build in a second: `toy` and then one `file: line, line` a line."""

from collections.abc import Mapping

from astrolabe.sdk import Check, Goal, Plugin, Task, Understanding, Workbench


class ToyAgent:
    name = "toy"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        content = task.inputs["content"]
        path = task.writes[0]
        stale = () if content else await bench.paths(*task.writes)
        if content:
            await bench.write({path: str(content)})
        await bench.remove(stale)


class Nothing:
    name = "toy-nothing"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        _ = task, bench


class ToyRecipe:
    name = "toy"

    def read(self, goal: Goal) -> Understanding | None:
        if not goal.text.startswith("toy\n"):
            return None
        return Understanding(
            recipe=self.name, title="toy", document=goal.text, document_name="toy.txt", canonical=True
        )

    def tasks(self, understanding: Understanding) -> tuple[Task, ...]:
        files = dict(line.split(": ", 1) for line in understanding.document.splitlines()[1:])
        parts = [
            Task(
                id=f"make-{name}",
                name=f"make {name}",
                agent="toy",
                writes=(f"{name}.txt",),
                inputs={"content": "".join(f"{line}\n" for line in lines.split(", ") if line)},
            )
            for name, lines in files.items()
        ]
        check = Check(name="no markers", run="! grep -l '^<<<<<<<' *.txt", inputs=())
        whole = Task(
            id="whole",
            name="whole",
            agent="toy-nothing",
            depends_on=tuple(t.id for t in parts),
            checks=(check,),
        )
        return (*parts, whole)

    def start_commands(self, folder: str) -> tuple[str, ...]:
        return (f"cat {folder}/*.txt",)

    def schema(self) -> Mapping[str, object]:
        return {"description": "Toys."}


PLUGIN = Plugin(name="toy", agents=(ToyAgent(), Nothing()), recipes=(ToyRecipe(),))
