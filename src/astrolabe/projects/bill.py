"""A CycloneDX 1.6 bill of materials of what a project is made of."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from astrolabe.projects.parts import Part

UNKNOWN = "unknown"
_SPDX = {
    name.lower(): name
    for name in [
        "0BSD",
        "AFL-2.1",
        "AFL-3.0",
        "AGPL-3.0-only",
        "AGPL-3.0-or-later",
        "Apache-1.1",
        "Apache-2.0",
        "Artistic-2.0",
        "BlueOak-1.0.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC0-1.0",
        "EPL-1.0",
        "EPL-2.0",
        "GPL-2.0-only",
        "GPL-2.0-or-later",
        "GPL-3.0-only",
        "GPL-3.0-or-later",
        "HPND",
        "ISC",
        "LGPL-2.1-only",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MPL-1.1",
        "MPL-2.0",
        "NCSA",
        "OFL-1.1",
        "PSF-2.0",
        "Python-2.0",
        "Unicode-3.0",
        "Unicode-DFS-2016",
        "Unlicense",
        "UPL-1.0",
        "W3C",
        "WTFPL",
        "Zlib",
        "ZPL-2.1",
    ]
}
"""The licences that packages mostly name, of spdx.org/licenses; any other name is kept as it stands."""
_TOKEN = re.compile(r"[()]|[A-Za-z0-9.+-]+")
_JOINING = {"AND", "OR", "(", ")"}


def bill_of(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the bill of materials; equal parts give equal bills."""
    whole = all(part.whole and part.version for part in parts)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [_component(part) for part in parts],
        "compositions": [{"aggregate": "unknown" if whole else "incomplete"}],
    }


def licences_of(parts: Iterable[Part]) -> dict[str, int]:
    """Count the parts by licence, `unknown` among them, the commonest first."""
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.licence or UNKNOWN] = counts.get(part.licence or UNKNOWN, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _component(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "library", "bom-ref": part.purl, "name": part.name, "purl": part.purl}
    properties = {"astrolabe:origin": part.origin} if part.origin else {}
    if part.version:
        told["version"] = part.version
    else:
        properties["astrolabe:version"] = UNKNOWN
    if part.licence:
        told["licenses"] = [_licence(part.licence)]
    else:
        properties["astrolabe:licence"] = UNKNOWN
    if part.hashes:
        told["hashes"] = [{"alg": name, "content": digest} for name, digest in part.hashes]
    return told | {"properties": [{"name": name, "value": value} for name, value in properties.items()]}


def _licence(text: str) -> dict[str, Any]:
    if text.lower() in _SPDX:
        return {"license": {"id": _SPDX[text.lower()]}}
    tokens = _TOKEN.findall(text)
    known = all(token in _JOINING or token.lower() in _SPDX for token in tokens)
    expression = known and len(tokens) > 1 and "".join(tokens) == re.sub(r"\s+", "", text)
    return {"expression": text} if expression else {"license": {"name": text}}
