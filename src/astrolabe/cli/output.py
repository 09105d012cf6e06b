"""The tables and lines a person reads after a command."""

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from astrolabe.cli.terminal import amount, clean, duration, one_line, unit

WIDE_COLUMNS = 120
"""From this width on, the table shows the digests of tree, inputs and policy too."""
PLAIN_COLUMNS = 118
NARROW_COLUMNS = 60
"""Below this width, a table shows only what nobody can do without."""
OUTPUT_LINES = 12
SHOWN_PATHS = 5

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
    "asking": ("?", "magenta"),
    "healing": ("+", "yellow"),
    "paused": ("=", "yellow"),
    "over-budget": ("$", "red"),
}


def console() -> Console:
    """Return the console tables go to; a file or pipe gets lines of a fixed, readable width."""
    plain = not sys.stdout.isatty()
    return Console(highlight=False, markup=False, emoji=False, width=PLAIN_COLUMNS if plain else None)


def mark(status: str) -> Text:
    """Return the sign of a status in its colour."""
    sign, style = MARKS.get(status, ("·", ""))
    return Text(sign, style=style)


def table(*columns: str) -> Table:
    """Return an empty table without lines, whose cells are never cut."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def print_report(document: dict[str, Any], console: Console) -> None:
    """Print what a run did: its checks with their evidence, what failed, where the result lies, what to type next."""
    _print_checks(document, console)
    _print_faults(document, console)
    console.print()
    _print_lost(document, console)
    _print_ending(document, console)
    if document["spending"]:
        _print_spending(document["spending"], console)
    if cost := document.get("planning"):
        calls = f"{cost['model_calls']} {'call' if cost['model_calls'] == 1 else 'calls'}, {cost['tokens']:,} tokens, ${cost['money']:.4f}"
        console.print(Text(f"planned in run {cost['run']}: {calls}"), soft_wrap=True)
    _print_changes(document["run"], console)
    if document["run"]["edits"]:
        _print_edits(document["run"]["edits"], console)
    _print_place(document["run"], console)
    _print_kept(document, console)
    _print_commands(document, console)


def _print_checks(document: dict[str, Any], console: Console) -> None:
    if not document["checks"]:
        return
    narrow, wide = console.width < NARROW_COLUMNS, console.width >= WIDE_COLUMNS
    shown = table("", "check", *(() if narrow else ("task", "exit")), "time")
    for column in ("tree", "inputs", "policy") if wide else ():
        shown.add_column(column, no_wrap=True)
    remarks = [_remark(check, document["run"]["id"]) for check in document["checks"]]
    if any(remarks):
        shown.add_column("", ratio=1, overflow="fold")
    for check, remark in zip(document["checks"], remarks, strict=True):
        cells = [one_line(check["check"])]
        if not narrow:
            cells += [one_line(check["task"]), "" if check["exit_code"] is None else str(check["exit_code"])]
        cells.append(duration(check["duration_seconds"]))
        cells += [check[name][:10] for name in ("tree", "inputs_digest", "policy_digest")] if wide else []
        cells += [remark] if any(remarks) else []
        shown.add_row(mark(check["verdict"]), *map(Text, cells))
    console.print(shown)


def _remark(check: dict[str, Any], run: str) -> str:
    """Say what a verdict alone does not: why not, or since which run it has been known."""
    if check["reason"]:
        reason = one_line(check["reason"])
        return f"not run: {reason}" if check["verdict"] == "not-run" else reason
    if check["reused_from"] == run:
        return "as proved before"
    return f"as proved in run {check['reused_from'][-6:]}" if check["reused_from"] else ""


def _print_faults(document: dict[str, Any], console: Console) -> None:
    """Print which tasks did not pass and why, and the last lines of each check that failed."""
    wrong = [task for task in document["tasks"] if task["status"] not in {"passed", "waiting", "running"}]
    if wrong:
        console.print()
    why = document["run"]["reason"]
    for task in wrong:
        told = f"{one_line(task['id'])}: {task['status']}"
        said_below = bool(why) and task["reason"] != why and why in task["reason"]
        reason = "" if said_below else task["reason"]
        console.print(mark(task["status"]), Text(told + (f". {clean(reason)}" if reason else "")))
    for check in document["checks"]:
        lines = clean(check["output_tail"]).strip().split("\n")
        if check["verdict"] == "failed" and any(lines):
            console.print()
            title = f"{one_line(check['check'])} of {one_line(check['task'])} failed; the last it printed:"
            console.print(Text(title, style="bold"))
            for line in lines[-OUTPUT_LINES:]:
                console.print(Text(f"  {line}", style="dim"))


def _print_lost(document: dict[str, Any], console: Console) -> None:
    """Print which tests that were there prove nothing any more, for their files were to be changed."""
    lost = [f"{test} (by {task['id']})" for task in document["tasks"] for test in task["lost_tests"]]
    _print_paths("tests that were there are gone, or are no longer run", lost, "yellow", console)


def _print_ending(document: dict[str, Any], console: Console) -> None:
    run, totals = document["run"], document["totals"]
    counts = ", ".join(f"{totals[name]} {name.replace('-', ' ')}" for name in ("passed", "failed", "not-run"))
    if run["finished_at"] is None:
        begun = f"{run['status']}; checks so far: {counts}"
    else:
        begun = f"{run['status']} in {duration(run['finished_at'] - run['created_at'])}; checks: {counts}"
    console.print(mark(run["status"]), Text(begun, style="bold"))
    if (used := document["used"])["model_calls"]:
        asked = "once" if used["model_calls"] == 1 else f"{used['model_calls']:,} times"
        console.print(Text(f"models were asked {asked}: {used['tokens']:,} tokens, ${used['money']:.4f}"))
    if skills := [f"{name} (for {task['id']})" for task in document["tasks"] for name in task["skills"]]:
        console.print(Text(f"skills used: {one_line(', '.join(skills))}"))
    told = {task["reason"] for task in document["tasks"]}
    if run["reason"] and run["reason"] not in told:
        console.print(Text(clean(run["reason"])))


def _print_spending(spending: dict[str, Any], console: Console) -> None:
    """Say what was spent of each limit, and what shows on what."""
    limits = [*spending["limits"], *([spending["tenant"]] if spending["tenant"] else ())]
    for limit in limits:
        whose = limit["task"] or (f"all runs ({limit['period']})" if "period" in limit else "the run")
        told = ", ".join(
            f"{amount(name, limit['spent'].get(name, 0))} of {amount(name, most)} {unit(name)}".strip()
            for name, most in limit["most"].items()
        )
        console.print(Text(f"spent by {one_line(whose)}: {told}"), soft_wrap=True)
    if spending["in_doubt"]:
        count = len(spending["in_doubt"])
        console.print(Text(f"calls that were cut off, and charged what was reserved for them: {count}"))
    console.print(Text(f"on what: astrolabe budgets show {spending['run'][-6:]}", style="dim"))


def _print_changes(run: dict[str, Any], console: Console) -> None:
    """Say how the plan was changed on the way, for which task, and why."""
    for change in run["plan"]["changes"]:
        did = "cut smaller" if change.get("measure") == "split" else "followed by another rest of the plan"
        new = ", ".join(map(one_line, change.get("added", ())[:SHOWN_PATHS])) or "no new tasks"
        told = f"{one_line(change.get('task') or '')} could not be done, and was {did}: {new}"
        console.print(Text(told, style="yellow"), soft_wrap=True)
        if change.get("reasoning"):
            console.print(Text(f"  {one_line(change['reasoning'], 300)}", style="dim"), soft_wrap=True)
    if len(run["plan"]["changes"]):
        version = run["plan"]["version"]
        line = f"astrolabe plan diff {run['id'][-6:]}:{version - 1} {run['id'][-6:]}:{version}"
        console.print(Text(f"what that changed: {line}", style="dim"), soft_wrap=True)


def _print_edits(edits: dict[str, Any], console: Console) -> None:
    """Print what building again did to the files of a person."""
    counts = [f"{len(edits.get(name, ()))} {name}" for name in ("added", "changed", "removed")]
    console.print(Text(f"since the last build: files {', '.join(counts)}"))
    migrations = [path for path in edits.get("added", ()) if "migrations" in path.split("/")[:-1]]
    edited = [path for path in edits.get("edited", ()) if path not in edits["conflicts"]]
    for paths, told, style in (
        (migrations, "a new migration of the database", "green"),
        (edits.get("removed", ()), "removed, because it is no longer generated", ""),
        (edited, "kept as you edited it", "green"),
        (edits["kept"], "kept, because you edited it, though it is no longer generated", "yellow"),
        (edits["conflicts"], "conflict: you and the new goal changed the same lines", "red"),
    ):
        _print_paths(told, paths, style, console)


def _print_paths(told: str, paths: Sequence[str], style: str, console: Console) -> None:
    if paths:
        console.print(Text(f"{told}:", style=style))
    for path in paths[:SHOWN_PATHS]:
        console.print(Text(f"  {one_line(path)}"), soft_wrap=True)
    if len(paths) > SHOWN_PATHS:
        console.print(Text(f"  … and {len(paths) - SHOWN_PATHS} more", style="dim"))


def _print_place(run: dict[str, Any], console: Console) -> None:
    published = run["published"]
    if not published:
        return
    target = one_line(run["target"])
    if not run["commit"]:
        text = f"what passed lies on the branches {published['branch']}… of {target}"
        console.print(Text(text), soft_wrap=True)
        return
    if run["commit"] == run["onto"]:
        console.print(Text(f"nothing had to change in {target}"), soft_wrap=True)
        return
    where = target if published["moved"] else f"branch {published['branch']} of {target}"
    console.print(Text(f"commit {run['commit'][:12]} in {where}"), soft_wrap=True)
    if published["reason"]:
        console.print(Text(f"not checked out there: {clean(published['reason'])}", style="yellow"))


def _print_kept(document: dict[str, Any], console: Console) -> None:
    """Say that the checks left files, and what shows them."""
    count = sum(len(check["artifacts"]) for check in document["checks"])
    if count:
        what = "a file" if count == 1 else f"{count} files"
        name = document["run"]["id"][-6:]
        console.print(
            Text(f"the checks left {what}: astrolabe runs artifacts {name} --out FOLDER"), soft_wrap=True
        )


def _print_commands(document: dict[str, Any], console: Console) -> None:
    if document["start"]:
        console.print(Text("to start it:"))
    for line in document["start"]:
        console.print(Text(f"  {one_line(line)}"), soft_wrap=True)
    for step in document["next"]:
        console.print(Text(f"to {one_line(step['why'])}:"))
        for line in step["commands"]:
            console.print(Text(f"  {one_line(line)}"), soft_wrap=True)
    run = document["run"]["id"]
    console.print(Text(f"run {run}   (astrolabe runs show {run[-6:]})", style="dim"))
