"""Documents for programs, and the tables a person reads after a command."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from astrolabe.cli.terminal import clean, duration
from astrolabe.errors import AstrolabeError, InputError

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "not-run": ("?", "yellow"),
    "running": ("●", "cyan"),
    "retrying": ("↻", "yellow"),
    "waiting": ("·", "dim"),
    "skipped": ("-", "dim"),
    "cancelled": ("-", "yellow"),
}


def print_json(document: Any) -> None:
    """Print one JSON document and nothing else."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def error_document(error: AstrolabeError) -> dict[str, Any]:
    """Return an error as programs read it."""
    problems = error.problems if isinstance(error, InputError) else ()
    return {
        "error": {
            "code": error.code,
            "kind": error.kind.value,
            "message": error.message,
            "hint": error.hint,
            "problems": [{"place": p.place, "text": p.text, "hint": p.hint} for p in problems],
        }
    }


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
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "check", "task", "exit", "time", "tree", "inputs", "policy", ""):
        table.add_column(column, overflow="fold" if column == "check" else "ellipsis")
    for check in document["checks"]:
        told = check["reason"] or (
            f"as proved in run {check['reused_from'][-6:]}" if check["reused_from"] else ""
        )
        table.add_row(
            mark(check["verdict"]),
            Text(clean(check["check"])),
            Text(clean(check["task"])),
            "" if check["exit_code"] is None else str(check["exit_code"]),
            duration(check["duration_seconds"]),
            check["tree"][:8],
            check["inputs_digest"][:8],
            check["policy_digest"][:8],
            Text(clean(told)),
        )
    console.print(table)


def _print_tasks(document: dict[str, Any], console: Console) -> None:
    wrong = [task for task in document["tasks"] if task["status"] not in {"passed", "waiting"}]
    for task in wrong:
        console.print(mark(task["status"]), Text(clean(f"{task['id']}: {task['status']}. {task['reason']}")))
    for check in document["checks"]:
        if check["verdict"] == "failed" and check["output_tail"]:
            console.print()
            console.print(Text(f"what {clean(check['check'])!r} printed last:", style="bold"))
            console.print(Text(clean(check["output_tail"].strip()[-3000:]), style="dim"))


def _print_place(run: dict[str, Any], start: list[str], console: Console) -> None:
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
