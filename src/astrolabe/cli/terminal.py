"""What is safe and sensible to show on a terminal."""

import re
from collections.abc import Sequence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return text without control characters: foreign text must not steer a person's terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON; what follows `--` belongs to another command."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in own


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `2 min 05 s` or `1 h 02 min`."""
    if seconds < 10:  # noqa: PLR2004 - below that, tenths are told
        return f"{seconds:.1f} s"
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
