"""What the tasks of a run share: values by name, each with its history of versions."""

import json
from dataclasses import dataclass

from pydantic import JsonValue

from astrolabe.errors import InputError, Problem

MOST_BYTES = 1_000_000
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Shared:
    """A value as it stood at a version (counted from 1); `by` names who wrote it, `at` is in seconds since the epoch.

    `damaged` are later versions whose content can no longer be trusted: they are kept aside, and this one stands in.
    """

    key: str
    version: int
    value: JsonValue
    by: str
    at: float
    damaged: tuple[int, ...] = ()


def shared_text(key: str, value: JsonValue) -> str:
    """Return a value as it is stored.

    Raises:
        InputError: the key or the value cannot be kept, and why.
    """
    problems: list[Problem] = []
    if not key.strip() or len(key) > _MOST_CHARACTERS:
        problems.append(Problem("key", f"has {len(key)} characters", f"give it 1 to {_MOST_CHARACTERS}"))
    text = ""
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"), sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        problems.append(Problem(key[:80], f"is no JSON: {error}", "use text, numbers, lists and mappings"))
    if len(text) > MOST_BYTES:
        fault = f"is {len(text):,} bytes, more than {MOST_BYTES:,}"
        problems.append(Problem(key[:80], fault, "keep it as a file of the workspace, and share its path"))
    if problems:
        raise InputError("what was to be shared cannot be", problems)
    return text
