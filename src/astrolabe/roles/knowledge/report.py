"""An answer as a person reads it."""

import re
from typing import Any

_MARKUP = re.compile(r"([\\`*_\[\]<>])")
_FENCE = re.compile(r"`{3,}")


def markdown(document: dict[str, Any]) -> str:
    """Return an answer with its citations; nothing that was recalled is taken for markup."""
    lines = [f"# {_plain(document['question'])}", ""]
    for one in document["claims"]:
        lines += [f"- {_plain(one['claim'])} ({_plain(one['at'])})", f"  > {_plain(one['quote'])}"]
    lines += ["", "## Passages", ""] if document["claims"] else []
    for one in document["passages"]:
        fence = "`" * max([2, *map(len, _FENCE.findall(one["text"]))]) + "`"
        heading = f": {_plain(one['heading'])}" if one["heading"] else ""
        lines += [f"{_plain(one['at'])}{heading}", "", fence, one["text"], fence, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
