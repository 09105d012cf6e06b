"""How much of the code tests reach, as coverage.py, jest, vitest and go tell it."""

import re
from typing import Any, cast

from astrolabe.domain.value import Value
from astrolabe.projects.foreign import json_of
from astrolabe.projects.listing import mapping
from astrolabe.projects.runner import Coverage

_GO_TOTAL = re.compile(r"^total:\s+\(statements\)\s+(\d{1,3}(?:\.\d+)?)%", re.MULTILINE)


class Covered(Value):
    """Shares in percent, 0 to 100; None where the tool does not tell."""

    lines: float | None = None
    branches: float | None = None


def read_coverage(form: Coverage, text: str) -> Covered | None:
    """Return the figures of a whole project; None when there are none to be read."""
    if form is Coverage.GO:
        found = _GO_TOTAL.search(text)
        return Covered(lines=float(found.group(1))) if found else None
    try:
        totals = json_of(text)
    except ValueError:
        return None
    document = mapping(totals)
    if form is Coverage.PYTHON:
        total = mapping(document.get("totals"))
        return _covered(
            total.get("percent_statements_covered", total.get("percent_covered")), _branches(total)
        )
    total = mapping(document.get("total"))
    lines, branches = mapping(total.get("lines")), mapping(total.get("branches"))
    return _covered(lines.get("pct"), branches.get("pct") if branches.get("total") else None)


def _branches(total: dict[str, Any]) -> float | None:
    count, covered = _share(total.get("num_branches"), 1e12), _share(total.get("covered_branches"), 1e12)
    return 100 * covered / count if count and covered is not None and covered <= count else None


def _covered(lines: object, branches: object) -> Covered | None:
    share = _share(lines)
    return None if share is None else Covered(lines=share, branches=_share(branches))


def _share(value: object, most: float = 100) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
    return float(cast("float", value)) if good else None
