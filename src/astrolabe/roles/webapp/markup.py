"""Prints the text of a model, which is hostile, into Markdown and Mermaid so that it stays text.

Markdown: CommonMark 0.31 with GitHub's tables, autolinks, mathematics and mentions. Only characters that could begin
something are escaped, so that ordinary labels stay readable.
"""

import re
import unicodedata

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$]|&(?=[#0-9A-Za-z])|(?<!\S)#")
_AUTOLINK = re.compile(r"(?i):(?=//)|(?<=www)\.")
_LINE_START = re.compile(r"[+\-=]+(?=\s|\Z)|\d+[.)](?=\s|\Z)|-(?=-)|:(?=-)")
_PLAIN_CODE = re.compile(r"[^`|\\]*\Z")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that make a text read otherwise than it is stored."""
_MERMAID_KEYS = frozenset({"pk", "fk", "uk"})


def one_line(text: str) -> str:
    """Drop what is not seen (controls, unpaired surrogates, direction marks), then fold white space."""
    seen = "".join(char for char in text if char.isspace() or not _is_hidden(char))
    return " ".join(seen.split())


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"} or char in _BIDI


def markdown(text: str) -> str:
    """Return inline Markdown that shows `text`, also at the start of a line and within a table's cell."""
    line = one_line(text)
    escaped = _SPECIAL.sub(r"\\\g<0>", line)
    escaped = _AUTOLINK.sub(r"\\\g<0>", escaped)
    if start := _LINE_START.match(escaped):
        last = start.end() - 1 if start.group()[0].isdigit() else 0
        return f"{escaped[:last]}\\{escaped[last:]}"
    return escaped


def markdown_code(text: str) -> str:
    """Return inline Markdown that shows `text` as code, also within a table's cell."""
    line = one_line(text)
    if not line.strip():
        return "—"
    if _PLAIN_CODE.match(line) and line == line.strip():
        return f"`{line}`"
    entities = "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in line)
    return f"<code>{entities}</code>"


def markdown_anchor(heading: str) -> str:
    """Return the fragment GitHub gives a heading of plain identifiers and words."""
    kept = "".join(char for char in heading.lower() if char.isalnum() or char in "-_ ")
    return kept.replace(" ", "-")


def mermaid_entity(name: str) -> str:
    """Return an identifier as the name of an entity in an ER diagram; quoted, since words like `Many` mean something."""
    return f'"{name}"'


def mermaid_attribute(name: str) -> str:
    """Return an identifier as the name of an attribute; `pk`, `fk`, `uk` would be read as keys."""
    return f"{name}_" if name.lower() in _MERMAID_KEYS else name
