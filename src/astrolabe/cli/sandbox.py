"""`astrolabe sandbox`: try the isolation everything runs in."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import say

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation

app = typer.Typer(cls=Group, help=SUMMARIES["sandbox"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("selftest")
def selftest(json: Json = False) -> None:
    """Try to escape from the sandbox and to break its limits; exits with 3 if anything works."""
    from astrolabe.cli.output import mark
    from astrolabe.cli.session import with_installation

    async def use(installation: "Installation") -> Exit:
        tested = await installation.sandbox.self_test(fresh=True)
        if json:
            print_json(
                {
                    "backend": tested.backend,
                    "version": tested.version,
                    "passed": tested.passed,
                    "limits": dict(tested.limits),
                    "passed_over": list(tested.passed_over),
                    "policy_digest": installation.policy.digest(tested.limits),
                    "probes": [{"name": p.name, "held": p.held, "detail": p.detail} for p in tested.probes],
                }
            )
        else:
            for probe in tested.probes:
                sign = mark("passed" if probe.held else "failed")
                say(f"{sign} {probe.name}{'  ' + probe.detail if probe.detail and not probe.held else ''}")
            limits = ", ".join(f"{name}: {how}" for name, how in tested.limits.items())
            held = sum(probe.held for probe in tested.probes)
            say(
                f"{tested.backend} {tested.version}: {held} of {len(tested.probes)} probes held; limits by {limits}"
            )
            for better in tested.passed_over:
                say(f"  not {better}")
        return Exit.DONE if tested.passed else Exit.REFUSED

    raise typer.Exit(with_installation(use))


@app.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def exec_(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments, after `--`.")],
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", help="A folder to copy in; the command cannot change the original."),
    ] = None,
    net: Annotated[
        list[str] | None, typer.Option("--net", metavar="HOST:PORT", help="A host to reach.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(min=0.1, help="Seconds; at most the policy's.")] = None,
    toolchain: Annotated[list[str] | None, typer.Option(help="A toolchain to mount, such as node.")] = None,
    json: Json = False,
) -> None:
    """Run a command as agents' commands are run, and pass back its output and exit code.

    Exits with 3 when no sandbox works here, 124 when the time was up, else with the command's own code.
    """
    from astrolabe.cli.session import with_installation
    from astrolabe.errors import RefusedError
    from astrolabe.services.sandboxing import execute

    if net:
        raise RefusedError(
            f"the sandbox has no network, so {', '.join(net)} cannot be reached",
            hint="What a command needs from a registry is fetched by lock file before it starts.",
        )

    async def use(installation: "Installation") -> int:
        live = None if json else _pass_on
        outcome = await execute(
            installation,
            command,
            workspace,
            toolchains=tuple(toolchain or ()),
            wall_seconds=timeout,
            on_output=live,
        )
        if json:
            print_json(
                {
                    "exit_code": outcome.exit_code,
                    "ending": outcome.ending.value,
                    "stdout": outcome.stdout.decode(errors="replace"),
                    "stderr": outcome.stderr.decode(errors="replace"),
                    "output_cut": outcome.output_cut,
                    "duration_seconds": outcome.duration_seconds,
                }
            )
        elif outcome.ending.value != "exited":
            say(f"astrolabe: the command was killed: {outcome.ending.value}", err=True)
        elif outcome.output_cut:
            say("astrolabe: its output was cut at the policy's limit", err=True)
        return 124 if outcome.ending.value == "timeout" else outcome.exit_code

    raise typer.Exit(with_installation(use))


def _pass_on(stream: str, piece: bytes) -> None:
    out = sys.stdout.buffer if stream == "stdout" else sys.stderr.buffer
    out.write(piece)
    out.flush()
