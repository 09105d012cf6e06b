"""Shell lines that are answered with a safe form instead of being run.

The sandbox holds whatever is run; these rules are about work that would be lost, and about habits nobody wants to see. They
read a line as words of a shell, not as a shell does: who wants to hide one can, and then meets the sandbox.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A kind of line: why it is not run, and what to do instead."""

    pattern: re.Pattern[str]
    why: str
    instead: str


_START = r"(?:^|[;&|(`{\n]|\$\(|\b(?:then|do|else|sudo|env|exec|time|xargs|nohup)\s)\s*(?:\w+=\S*\s+)*(?:sudo\s+(?:-\S+\s+)*)?"
_GIT = rf"{_START}git(?:\s+-[cC]\s+[^\s-]\S*|\s+--?[\w-]+(?:=\S+)?)*\s+"
_BLANK, _BLANKS, _GAP = re.compile(r"\s"), re.compile(r"[^\S\n]+"), re.compile(r" ?\n\s*")
_END = r"(?=\s*(?:$|[;&|)`}\n>]))"


def _rule(pattern: str, why: str, instead: str) -> Rule:
    return Rule(re.compile(pattern), why, instead)


_NO_GIT = "There is no repository here: what you change is kept and committed by itself."
RULES = (
    _rule(
        rf"{_START}rm\s+(?:-\S+\s+)*-\w*[rRf]\w*\s+(?:-\S+\s+)*['\"]?(?:/|~|\$HOME|\$\{{HOME\}}|\.\.?/?|\*|/\*|\./\*)['\"]?{_END}",
        "it removes everything",
        "Remove the files you mean by name: rm path/to/file.",
    ),
    _rule(
        rf"{_START}rm\s+.*--no-preserve-root",
        "it removes everything",
        "Remove the files you mean by name: rm path/to/file.",
    ),
    _rule(
        rf"{_START}find\s+(?:/|\.)\s+(?!.*-(?:name|path|newer|iname|regex)\b).*-delete\b",
        "it removes everything below",
        "Say which files with -name, and look at them with -print first.",
    ),
    _rule(rf"{_GIT}push\b", "work is handed over by the run, not by a command", _NO_GIT),
    _rule(
        rf"{_GIT}reset\b.*--(?:hard|merge|keep)\b",
        "it throws changes away",
        "Change the files back that you mean, with edit or write. " + _NO_GIT,
    ),
    _rule(
        rf"{_GIT}(?:checkout|restore)\b(?:\s+-\S+)*(?:\s+HEAD)?\s+(?:--\s+)?(?:\.|:/|\*){_END}",
        "it throws changes away",
        "Change the files back that you mean, with edit or write. " + _NO_GIT,
    ),
    _rule(
        rf"{_GIT}clean\b.*-\w*f",
        "it removes files that nobody has a copy of",
        "Remove the files you mean by name: rm path/to/file.",
    ),
    _rule(
        rf"{_GIT}(?:filter-branch|filter-repo|update-ref|reflog\s+expire|gc\s+--prune|branch\s+-D|stash\s+(?:drop|clear))\b",
        "it rewrites or drops history",
        _NO_GIT,
    ),
    _rule(
        rf"{_START}chmod\s+(?:-\S+\s+)*(?:-R|--recursive)\S*\s+(?:-\S+\s+)*(?:0?777|a\+rwx|\+rwx)\b",
        "it gives everybody every right to everything",
        "Give the one file the right it needs: chmod +x path/to/script.",
    ),
    _rule(
        rf"{_START}chown\s+(?:-\S+\s+)*(?:-R|--recursive)\b.*\s(?:/|~|\.){_END}",
        "it gives everything to somebody else",
        "Leave owners as they are; they are not kept.",
    ),
    _rule(
        r"\b(?:curl|wget|fetch)\b[^;&\n]*\|\s*(?:sudo\s+)?(?:\S+/)?(?:ba|z|da|k)?sh\b",
        "it runs what somebody else has written, unread",
        "There is no network here. Use what is installed, or finish and say what is missing.",
    ),
    _rule(
        r"\b(?:ba|z|da|k)?sh\s+(?:-c\s+)?['\"]?(?:<\(|\$\(|`)\s*(?:curl|wget)\b",
        "it runs what somebody else has written, unread",
        "There is no network here. Use what is installed, or finish and say what is missing.",
    ),
    _rule(
        r"(?:^|[;&|\s])([\w:.]+)\s*\(\)\s*\{[^}]{0,100}\b\1\s*\|\s*\1\s*&|:\s*\(\)\s*\{\s*:\s*\|\s*:\s*&",
        "it starts itself without end",
        "Start each program once.",
    ),
    _rule(
        rf"{_START}(?:mkfs(?:\.\w+)?|fdisk|parted|wipefs|shred)\b|{_START}dd\b[^;&|\n]*\bof=/dev/|>\s*/dev/(?:sd|nvme|hd|vd)",
        "it overwrites a disk",
        "Work with files of the workspace.",
    ),
    _rule(
        rf"{_START}(?:shutdown|reboot|halt|poweroff|init\s+[06])\b",
        "it stops a machine",
        "A command that is to end ends by itself; each one has a timeout.",
    ),
    _rule(
        rf"{_START}(?:killall|pkill\s+-9|kill\s+(?:-\S+\s+)*-1)\b",
        "it ends processes that nobody has named",
        "End what you started by its number: kill $pid.",
    ),
)


_MOST_AT_ONCE, _OVERLAP = 1000, 300
"""Characters: rules look far ahead, so a long script is held against them a stretch at a time."""


def refused_line(line: str) -> Rule | None:
    """Return the rule that speaks against a shell line, if one does."""
    joined = _GAP.sub("\n", _BLANKS.sub(" ", line.replace("\\\n", " ")))
    return next(
        (
            rule
            for start, end in _stretches(joined)
            for rule in RULES
            if rule.pattern.search(joined, start, end)
        ),
        None,
    )


def _stretches(line: str) -> Iterator[tuple[int, int]]:
    """Give overlapping stretches that end with a word, unless a word is as long as one of them."""
    for start in range(0, max(1, len(line) - _OVERLAP), _MOST_AT_ONCE - _OVERLAP):
        end = start + _MOST_AT_ONCE
        word = _BLANK.search(line, end, end + _OVERLAP)
        yield start, word.start() if word else end
