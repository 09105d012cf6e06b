"""What a command prints for programs: one JSON document."""

import json
import sys
from typing import Any

from astrolabe.errors import AstrolabeError, InputError


def print_json(document: Any) -> None:
    """Print one JSON document and nothing else."""
    plain = (sys.stdout.encoding or "").lower() not in {"utf-8", "utf8"}
    text = json.dumps(document, ensure_ascii=plain, indent=2)
    # File names that are no UTF-8 come as lone surrogates; written as \udcXX they are JSON again.
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def error_document(error: AstrolabeError) -> dict[str, Any]:
    """Return an error as programs read it."""
    problems = error.problems if isinstance(error, InputError) else ()
    listed = [{"place": p.place, "text": p.text, "hint": p.hint} for p in problems]
    return fault_document(error.code, error.kind.value, error.message, error.hint, listed)


def fault_document(
    code: str, kind: str, message: str, hint: str, problems: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """Return a fault in the form every `--json` has, one that is no `AstrolabeError` too."""
    told = {"code": code, "kind": kind, "message": message, "hint": hint, "problems": problems or []}
    return {"error": told}
