"""What a command prints for programs: one JSON document."""

import json
import re
import sys
from typing import Any

from astrolabe.cli.terminal import clean, wants_json
from astrolabe.errors import AstrolabeError, InputError

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def print_json(document: Any) -> None:
    """Print one JSON document and nothing else."""
    plain = (sys.stdout.encoding or "").lower() not in {"utf-8", "utf8"}
    text = json.dumps(document, ensure_ascii=plain, indent=2)
    # JSON escapes only some of what steers a terminal; and a file name that is no UTF-8 comes as lone surrogates.
    sys.stdout.write(_UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n")


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


def print_fault(document: dict[str, Any], message: str, hint: str) -> None:
    """Say why a command ends without what it was to do: as the document where JSON is wanted, else in words."""
    if wants_json(sys.argv[1:]):
        print_json(document)
        return
    lines = [f"astrolabe: {clean(message)}", *([f"  {clean(hint)}"] if hint else [])]
    # typer.echo would write UTF-8, whatever the terminal knows
    sys.stderr.write("".join(f"{line}\n" for line in lines))
