"""What `astrolabe --help` prints. It needs no command's module, so that it comes at once."""

import shutil
import textwrap

SUMMARIES = {
    "build": "Build software for a goal: read it, plan it, run the plan, check, commit.",
    "run": "Run a goal on a repository of your own, planned by a model, or a plan file on a folder.",
    "resume": "Go on with what was interrupted.",
    "plan": "Plan a goal without running it; check, compare and list plans.",
    "replay": "Play a run again without a model, and say where the course is another.",
    "runs": "List runs; show, export, pause, cancel, retry and fork one.",
    "approvals": "List what runs ask a person; approve or deny it.",
    "schedules": "Begin runs by the clock: add, list, pause and run schedules.",
    "budgets": "Show what may be spent, and what was spent on what.",
    "worker": "Take tasks of runs that Temporal drives, on this host.",
    "temporal": "A Temporal server for this machine.",
    "prompts": "What agents are told, in which variants, and what came of each.",
    "eval": "Try an agent on a suite of tasks with hidden checks; compare two results.",
    "agents": "List agents with their health and the processes that work; show and reset one.",
    "skills": "List, show, check and match skills; vouch for those of a project.",
    "memory": "What is remembered of a project over its runs: add, search, list, forget.",
    "models": "Language models: which are in use, whether they answer; fetch and serve a small one.",
    "doctor": "What works on this machine, what is missing, and how to get it.",
    "database": "Look after what is kept: copy and restore it, remove old runs, check it.",
    "sandbox": "Test the sandbox, or run a command in it.",
    "config": "Show and check the settings.",
}
"""Every command of the first level with what it is for, in the order a person meets them."""

_OPTIONS = {
    "--version": "Print the version and stop.",
    "--offline": "With any command: contact nothing but this machine and servers that the settings name.",
    "--install-completion": "Install completion for the current shell.",
    "--show-completion": "Print the completion script instead.",
    "--help": "Show this message and exit.",
}
_EXIT_CODES = (
    "Exit codes: 0 done, 1 a check failed, 2 bad input, 3 refused, 4 interrupted or cancelled (astrolabe resume goes "
    "on), 5 done, but a required check could not run, 6 something it needs is unavailable, 7 stopped by its budget, 70 a fault of our own."
)
_WIDEST, _NARROWEST = 100, 40


def overview() -> str:
    """Return the help of the whole command line, as wide as the terminal is."""
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns)) - 1
    parts = (
        "Usage: astrolabe COMMAND [OPTIONS] ...",
        _filled("From a goal in plain words to verified, committed software.", "  ", width),
        "Commands:\n" + _listed(SUMMARIES, width),
        "Options:\n" + _listed(_OPTIONS, width),
        _filled("Every command explains itself: astrolabe COMMAND --help", "  ", width),
        _filled(_EXIT_CODES, "  ", width),
    )
    return "\n\n".join(parts)


def _listed(entries: dict[str, str], width: int) -> str:
    """Return names with their explanations beside them, below them where there is too little room."""
    column = max(map(len, entries)) + 4
    if width - column < _NARROWEST // 2:
        return "\n".join(f"  {name}\n{_filled(told, '      ', width)}" for name, told in entries.items())
    return "\n".join(
        f"  {name:<{column - 2}}{_filled(told, ' ' * column, width).strip()}"
        for name, told in entries.items()
    )


def _filled(text: str, indent: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
