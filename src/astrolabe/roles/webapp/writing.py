"""What the agents of a web application share: reading the model, writing formatted files, commands that must succeed."""

from collections.abc import Sequence

from astrolabe.roles.webapp.reading import model_of
from astrolabe.roles.webapp.rendering import Copied
from astrolabe.roles.webapp.view import AppView
from astrolabe.sdk import AgentFailedError, CommandResult, Workbench

MODEL = "astrolabe.yaml"
"""Where the model lies in the generated application."""

Files = dict[str, str]

_FORMAT_SECONDS = 120
_FORMAT_SECONDS_A_FILE = 1
_PRETTIER = "node node_modules/prettier/bin/prettier.cjs --write --ignore-unknown --log-level warn"
_SHOWN_CHARACTERS = 4000


async def app_of(bench: Workbench) -> AppView:
    """Return the view of the model in the task's tree."""
    return view_of((await bench.read(MODEL)).decode())


def view_of(document: str) -> AppView:
    """Return the view of a model in canonical YAML. Raises GoalError when a person edited it into something wrong."""
    return AppView.of(model_of(document, MODEL))


async def write(
    bench: Workbench, files: Files, owned: Sequence[str] = (), *, executable: Sequence[str] = ()
) -> None:
    """Write files, remove what an earlier version left below `owned`, and format those that were not copied.

    Raises:
        AgentFailedError: Prettier refuses a file, which is then no valid code.
    """
    await bench.write(files, executable=executable)
    if owned:
        stale = [path for path in await bench.paths(*owned) if path not in files and not _kept(path)]
        await bench.remove(stale)
    rendered = sorted(_quoted(path) for path, text in files.items() if not isinstance(text, Copied))
    if rendered:
        seconds = max(_FORMAT_SECONDS, _FORMAT_SECONDS_A_FILE * len(rendered))
        await needed(bench, f"{_PRETTIER} {' '.join(rendered)}", timeout_seconds=seconds)


async def needed(bench: Workbench, command: str, *, timeout_seconds: float) -> CommandResult:
    """Run a command that has to succeed.

    Raises:
        AgentFailedError: it did not; the message ends with what it said.
    """
    result = await bench.run(command, timeout_seconds=timeout_seconds)
    if result.exit_code != 0 or result.timed_out:
        said = (result.stderr.strip() or result.stdout.strip())[-_SHOWN_CHARACTERS:]
        how = "did not end in time" if result.timed_out else f"ended with {result.exit_code}"
        message = f"{command[:120]} {how}: {said}"
        raise AgentFailedError(
            message, hint="The generated files are at fault; run `astrolabe runs log` for all of it."
        )
    return result


def _kept(path: str) -> bool:
    """Migrations are history: what was applied somewhere is never rewritten or removed."""
    return "/migrations/" in path


def _quoted(path: str) -> str:
    return f"'{path}'"
