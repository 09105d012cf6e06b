"""Running a command of the command line, and ending with a code and a message for whatever happens in it."""

import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from astrolabe.cli.app import app
from astrolabe.cli.documents import error_document, fault_document, print_fault
from astrolabe.cli.ending import tell_interrupted
from astrolabe.cli.exits import Exit, exit_of
from astrolabe.cli.session import InterruptedByPersonError
from astrolabe.errors import AstrolabeError, InputError

OFFLINE = "--offline"
_TYPERS_INTERRUPT = 130
"""What typer makes of Ctrl-C."""


def run_command_line() -> None:
    """Run what `sys.argv` asks for and exit with one of the codes of `Exit`, or that of a command run in the sandbox."""
    signal.signal(signal.SIGTERM, _end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows no ✓ gets \u2713, not a traceback; whoever reads a pipe gets each line as it is said.
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    code = _ended()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has read enough; what is left would fail once more as the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _end(_number: int, _frame: object) -> None:
    """End before the event loop runs; from then on it handles SIGTERM itself."""
    raise InterruptedByPersonError


def _ended() -> int:
    try:
        code = _run(sys.argv[1:])
    except AstrolabeError as error:
        return _tell(error)
    except typer.TyperException as fault:
        return _tell_usage(fault)
    except (InterruptedByPersonError, typer.Abort) as interruption:
        return tell_interrupted(str(interruption))
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # typer makes 1 of it; whoever reads has read enough
            return Exit.DONE
        raise
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return _tell_bug()
        return _tell(
            InputError("a name is longer than any file's can be", hint="Look at the paths you have named.")
        )
    except Exception:  # noqa: BLE001 - the outermost edge: what nobody foresaw is told whole, under its own exit code
        return _tell_bug()
    return tell_interrupted() if code == _TYPERS_INTERRUPT else code or Exit.DONE


def _run(arguments: Sequence[str]) -> int | None:
    """Run a command; `--offline` may stand anywhere before `--`, for it is a setting of every command."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if OFFLINE not in own:
        return app(list(arguments), prog_name="astrolabe", standalone_mode=False)
    rest = [word for word in own if word != OFFLINE] + list(arguments[len(own) :])
    from astrolabe.settings import as_if_set

    with as_if_set("offline", "true"):
        return app(rest, prog_name="astrolabe", standalone_mode=False)


def _tell(error: AstrolabeError) -> Exit:
    print_fault(error_document(error), str(error), error.hint)
    return exit_of(error)


def _tell_usage(fault: typer.TyperException) -> Exit:
    """Say what is wrong with the words themselves, as for any other bad input."""
    # typer's own words for where a message comes from say nothing to whoever typed the command
    said = fault.format_message().strip().rstrip(".").replace(": Value error, ", ": ")
    message = said[:1].lower() + said[1:]
    context: Any = getattr(fault, "ctx", None)
    hint = f"See: {context.command_path if context else 'astrolabe'} --help"
    print_fault(fault_document("usage", "usage", message, hint), message, hint)
    return Exit.BAD_INPUT


def _tell_bug() -> Exit:
    traceback.print_exc()
    message, hint = "this is a fault of Astrolabe's own", "Please report it with the lines above."
    print_fault(fault_document("internal", "bug", message, hint), message, hint)
    return Exit.BUG
