"""Documents for programs, and the tables a person reads after a command."""

import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from astrolabe.cli.terminal import clean, duration

WIDE_COLUMNS = 120
"""From this width on, the table shows the digests of tree, inputs and policy too."""
PLAIN_COLUMNS = 118
OUTPUT_CHARACTERS = 3000

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "not-run": ("?", "yellow"),
    "running": ("●", "cyan"),
    "retrying": ("↻", "yellow"),
    "waiting": ("·", "dim"),
    "skipped": ("-", "dim"),
    "cancelled": ("-", "yellow"),
    "interrupted": ("!", "yellow"),
}


def console() -> Console:
    """Return the console tables go to; a file or pipe gets lines of a fixed, readable width."""
    plain = not sys.stdout.isatty()
    return Console(highlight=False, width=PLAIN_COLUMNS if plain else None, soft_wrap=False)


def mark(status: str) -> Text:
    """Return the sign of a status in its colour."""
    sign, style = MARKS.get(status, ("·", ""))
    return Text(sign, style=style)


def print_report(document: dict[str, Any], console: Console) -> None:
    """Print what a run did: its checks with their evidence, the checkpoints, where the result lies, how to start it."""
    _print_checks(document, console)
    _print_tasks(document, console)
    run, totals = document["run"], document["totals"]
    seconds = (run["finished_at"] or run["created_at"]) - run["created_at"]
    counts = ", ".join(f"{totals[name]} {name.replace('-', ' ')}" for name in ("passed", "failed", "not-run"))
    console.print()
    console.print(
        mark(run["status"]), Text(f"{run['status']} in {duration(seconds)}; checks: {counts}", style="bold")
    )
    if run["reason"]:
        console.print(Text(clean(run["reason"])))
    _print_place(run, document["start"], console)


def _print_checks(document: dict[str, Any], console: Console) -> None:
    if not document["checks"]:
        return
    wide = console.width >= WIDE_COLUMNS
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("check", min_width=18, overflow="fold")
    for column in ("task", "exit", "time", *(("tree", "inputs", "policy") if wide else ())):
        table.add_column(column, no_wrap=True)
    table.add_column("", ratio=1, overflow="fold")
    for check in document["checks"]:
        digests = [check[name][:10] for name in ("tree", "inputs_digest", "policy_digest")] if wide else []
        table.add_row(
            mark(check["verdict"]),
            Text(clean(check["check"])),
            Text(clean(check["task"])),
            "" if check["exit_code"] is None else str(check["exit_code"]),
            duration(check["duration_seconds"]),
            *digests,
            Text(clean(_remark(check))),
        )
    console.print(table)


def _remark(check: dict[str, Any]) -> str:
    """Say what a verdict alone does not: why not, or since which run it has been known."""
    if check["reason"]:
        return f"not run: {check['reason']}" if check["verdict"] == "not-run" else check["reason"]
    return f"as proved in run {check['reused_from'][-6:]}" if check["reused_from"] else ""


def _print_tasks(document: dict[str, Any], console: Console) -> None:
    wrong = [task for task in document["tasks"] if task["status"] not in {"passed", "waiting"}]
    for task in wrong:
        console.print(mark(task["status"]), Text(clean(f"{task['id']}: {task['status']}. {task['reason']}")))
    for check in document["checks"]:
        if check["verdict"] == "failed" and check["output_tail"]:
            console.print()
            console.print(Text(f"what {clean(check['check'])!r} printed last:", style="bold"))
            console.print(Text(clean(check["output_tail"].strip()[-OUTPUT_CHARACTERS:]), style="dim"))


def _print_edits(edits: dict[str, Any], console: Console) -> None:
    for path in edits["conflicts"]:
        console.print(Text(clean(f"conflict: {path}"), style="red"))
    for path in edits["kept"]:
        console.print(
            Text(
                clean(f"kept, because you edited it, though it is no longer generated: {path}"),
                style="yellow",
            )
        )


def _print_place(run: dict[str, Any], start: list[str], console: Console) -> None:
    if run["edits"]:
        _print_edits(run["edits"], console)
    published = run["published"]
    if published and run["commit"]:
        where = run["target"] if published["moved"] else f"branch {published['branch']} of {run['target']}"
        console.print(Text(f"commit {run['commit'][:12]} in {clean(where)}"))
        if published["reason"]:
            console.print(Text(clean(published["reason"]), style="yellow"))
    if start:
        console.print(Text("to start it:"))
        for line in start:
            console.print(Text(f"  {line}"))
    console.print(Text(f"run {run['id']}   (astrolabe runs show {run['id'][-6:]})", style="dim"))
