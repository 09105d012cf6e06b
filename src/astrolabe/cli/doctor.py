"""`astrolabe doctor`: what works here, what is missing, and how to get it."""

from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.terminal import say

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation


def doctor(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Probe what Astrolabe needs, feature by feature; exits with 3 when nothing could be run here."""
    from astrolabe.cli.output import mark
    from astrolabe.cli.session import with_installation
    from astrolabe.cli.terminal import clean
    from astrolabe.errors import StorageError
    from astrolabe.services.doctor import Finding, examine, no_database

    async def use(installation: "Installation") -> tuple[Finding, ...]:
        return await examine(installation)

    try:
        findings = with_installation(use)
    except StorageError as error:
        findings = (no_database(error),)
    if json:
        rows = [{"part": f.part, "state": f.state.value, "detail": f.detail, "fix": f.fix} for f in findings]
        print_json({"findings": rows})
    else:
        for finding in findings:
            say(f"{mark(finding.sign)} {finding.part:<16} {clean(finding.detail)}")
            if finding.fix:
                say(f"{'':<18} {clean(finding.fix)}")
    raise typer.Exit(Exit.REFUSED if any(finding.blocks for finding in findings) else Exit.DONE)
