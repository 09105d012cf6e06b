"""`astrolabe sandbox`: try the isolation everything runs in."""

import base64
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.folders import folder_named
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import say

if TYPE_CHECKING:
    from astrolabe.ports.sandbox import Outcome
    from astrolabe.services.installation import Installation

_TIMED_OUT = 124
"""As `timeout` of coreutils ends."""

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
        typer.Option(
            "--workspace",
            parser=folder_named,
            metavar="FOLDER",
            help="A folder to copy in; the command cannot change the original.",
        ),
    ] = None,
    net: Annotated[
        list[str] | None, typer.Option("--net", metavar="HOST:PORT", help="A host to reach over TLS.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(min=0.1, help="Seconds; at most the policy's.")] = None,
    toolchain: Annotated[list[str] | None, typer.Option(help="A toolchain to mount, such as node.")] = None,
    json: Json = False,
) -> None:
    """Run a command as agents' commands are run, and pass its input, output and exit code.

    Reads this command's own input like any other program; `< /dev/null` gives none. Output comes as it is made, up to
    the policy's limit for each stream. Exits with 3 when no sandbox works here, 124 when the time was up, 141 when nobody
    reads the output any more, else with the command's own code: 128 + n after signal n. A terminal is shown colours,
    but no other control sequences.
    """
    from astrolabe.cli.session import with_installation

    asked = _Asked(command, workspace, tuple(toolchain or ()), tuple(net or ()), timeout)
    code = with_installation(lambda installation: _run(installation, asked, json=json))
    raise SystemExit(code)  # typer would take 130, a command's own, for an interrupt of ours


@dataclass(frozen=True)
class _Asked:
    command: Sequence[str]
    workspace: Path | None
    toolchains: tuple[str, ...]
    network: tuple[str, ...]
    wall_seconds: float | None


async def _run(installation: "Installation", asked: _Asked, *, json: bool) -> int:
    from astrolabe.cli.streams import Passing, standard_input
    from astrolabe.services.sandboxing import execute

    passing = {} if json else {"stdout": Passing(1), "stderr": Passing(2)}
    try:
        outcome = await execute(
            installation,
            asked.command,
            asked.workspace,
            toolchains=asked.toolchains,
            network=asked.network,
            stdin=standard_input(),
            wall_seconds=asked.wall_seconds,
            on_output=None if json else lambda stream, piece: passing[stream].put(piece),
        )
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    for stream in passing.values():
        await stream.end()
    limit = installation.policy.output_bytes
    if json:
        print_json(_document(outcome, limit))
    else:
        _remark(outcome, limit)
    return _TIMED_OUT if outcome.ending.value == "timeout" else outcome.exit_code


def _remark(outcome: "Outcome", limit: int) -> None:
    if outcome.ending.value != "exited":
        say(f"astrolabe: the command was killed: {outcome.ending.value}", err=True)
    if outcome.output_cut:
        say(
            f"astrolabe: its output was cut after {limit} bytes of a stream; ASTROLABE_SANDBOX__OUTPUT_BYTES raises that",
            err=True,
        )


def _document(outcome: "Outcome", limit: int) -> dict[str, object]:
    document: dict[str, object] = {
        "exit_code": outcome.exit_code,
        "ending": outcome.ending.value,
        "output_cut": outcome.output_cut,
        "output_limit_bytes": limit,
        "duration_seconds": outcome.duration_seconds,
        "network": [request.model_dump(mode="json") for request in outcome.requests],
    }
    for name, content in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        text, encoding = _text(content)
        document |= {name: text, f"{name}_encoding": encoding}
    return document


def _text(content: bytes) -> tuple[str, str]:
    """Return bytes as JSON can carry them without loss, and how to read them."""
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(content).decode(), "base64"
