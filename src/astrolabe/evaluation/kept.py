"""Results of evaluations that were kept as files."""

import json
from pathlib import Path
from typing import Any, cast

from astrolabe.errors import InputError, Problem
from astrolabe.evaluation.outcome import SHAPE
from astrolabe.planning.visible import visible


def read_document_of(file: Path) -> dict[str, Any]:
    """Return the document that `astrolabe eval … --json` printed into a file.

    Raises:
        InputError: there is no such file, or something else in it.
    """
    shown, hint = visible(str(file)), "Keep it with: astrolabe eval SUITE --json > FILE"
    try:
        raw: Any = json.loads(file.read_bytes())
    except OSError as fault:
        raise InputError(f"{shown} cannot be read: {fault.strerror}", hint=hint) from fault
    except ValueError as fault:
        raise InputError(
            f"{shown} is no result of an evaluation", [Problem(shown, str(fault))], hint=hint
        ) from fault
    if not isinstance(raw, dict) or cast("dict[str, Any]", raw).get("shape") != SHAPE or "tasks" not in raw:
        raise InputError(f"{shown} is no result of an evaluation", hint=hint)
    return cast("dict[str, Any]", raw)
