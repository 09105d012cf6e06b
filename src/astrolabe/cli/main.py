"""The command line: translate, call a service, translate back.

Commands import what they need when they run, so that `--help` stays fast.
"""

import signal
import sys
import traceback
from typing import Annotated

import typer

from astrolabe import __version__
from astrolabe.cli import build, config, doctor, plan, runs, sandbox
from astrolabe.cli.exits import Exit, exit_of
from astrolabe.cli.session import InterruptedByPersonError
from astrolabe.errors import AstrolabeError

app = typer.Typer(
    name="astrolabe",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="From a goal in plain words to verified, committed software.",
    epilog=(
        "Exit codes: 0 done, 1 checks failed, 2 bad input, 3 refused, 4 interrupted or cancelled (astrolabe resume goes on), "
        "5 done, but a required check could not run, 6 something it needs is unavailable, 70 a fault of our own."
    ),
)
app.command("build")(build.build)
app.command("run")(build.run)
app.command("resume")(runs.resume)
app.add_typer(plan.app, name="plan")
app.add_typer(runs.app, name="runs")
app.add_typer(sandbox.app, name="sandbox")
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def astrolabe(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Handle options that come before the command."""


def main() -> None:
    """Run the command line and exit with one of the codes of `Exit`."""
    signal.signal(signal.SIGTERM, _end)
    try:
        app()
    except AstrolabeError as error:
        sys.exit(_tell(error))
    except InterruptedByPersonError:
        typer.echo("interrupted; to go on, type: astrolabe resume", err=True)
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.DONE)
    except Exception:  # noqa: BLE001 - the outermost edge: what nobody foresaw is told whole, under its own exit code
        traceback.print_exc()
        typer.echo(
            "astrolabe: this is a fault of Astrolabe's own; please report it with the lines above", err=True
        )
        sys.exit(Exit.BUG)


def _end(_number: int, _frame: object) -> None:
    """End before the event loop runs; from then on it handles SIGTERM itself."""
    raise InterruptedByPersonError


def _tell(error: AstrolabeError) -> Exit:
    from astrolabe.cli.terminal import wants_json

    if wants_json(sys.argv):
        from astrolabe.cli.output import error_document, print_json

        print_json(error_document(error))
    else:
        from astrolabe.cli.terminal import clean

        typer.echo(f"astrolabe: {clean(str(error))}", err=True)
        if error.hint:
            typer.echo(f"  {clean(error.hint)}", err=True)
    return exit_of(error)
