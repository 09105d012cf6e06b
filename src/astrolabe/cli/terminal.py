"""What is safe and sensible to show on a terminal."""

import re
import sys
from collections.abc import Sequence

_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, movements
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC and other strings
    r"|\x1b[ -/]*[0-~]"  # the short ones
)
"""Whole escape sequences of ECMA-48; what is torn is left for `_STEERING`."""
_STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BREAKS = re.compile(r"[\n\x85\u2028\u2029\x0b\x0c]|\r\n?")


def clean(text: str) -> str:
    """Return text of any number of lines that cannot steer a person's terminal.

    Escape sequences go, a carriage return ends a line, and any other control character, torn sequence or mark that
    reorders text becomes U+FFFD.
    """
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub("\n", _SEQUENCES.sub("", text)))


def one_line(text: str, limit: int | None = None) -> str:
    """Return cleaned text on one line, so that it cannot pass for lines of ours; cut to `limit` characters."""
    line = " ".join(part.strip() for part in clean(text).expandtabs(1).split("\n") if part.strip())
    return line if limit is None or len(line) <= limit else f"{line[: limit - 1]}…"


def say(text: str, *, err: bool = False) -> None:
    """Print lines in the characters the terminal knows; typer.echo writes UTF-8, whatever that is."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON; what follows `--` belongs to another command."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in own


def size(count: int) -> str:
    """Return a number of bytes as `812 B`, `3.4 kB` or `12 MB`."""
    number, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":  # noqa: PLR2004 - three digits are read at a glance
            break
        number /= 1000
    return f"{number:.{int(unit != 'B' and number < 10)}f} {unit}"  # noqa: PLR2004 - one digit is not enough


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `2 min 05 s` or `1 h 02 min`."""
    if seconds < 9.95:  # noqa: PLR2004 - below that, tenths are told
        return f"{seconds:.1f} s"
    if seconds < 59.5:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.0f} s"
    minutes, rest = divmod(max(60, int(seconds)), 60)
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def amount(resource: str, number: float) -> str:
    """Return so much of what a budget limits as `$0.25`, `90 s` or `1,200`."""
    if resource == "money":
        return f"${number:,.2f}" if round(number, 2) == number else f"${number:,.6f}".rstrip("0")
    return f"{number:g} s" if resource == "wall_seconds" else f"{int(number):,}"


def unit(resource: str) -> str:
    """Return what stands behind such a number: `tokens`, or nothing where it tells by itself."""
    return "" if resource in {"money", "wall_seconds"} else resource.replace("_", " ")
