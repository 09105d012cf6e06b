"""Which texts are remembered, and as what: without secrets, in pieces, each of which says where it stands."""

import hashlib
import re
from collections.abc import Sequence

from astrolabe.domain.memory import Chunk, Document
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.retrieval.chunks import VERSION, chunked

MOST_BYTES = 1_000_000
"""Of a document; a longer one is data, or was written by a machine."""
_MOST_PER_LINE = 400
"""Characters of a line, taken over all of them: more is written by a machine."""
_MACHINES = re.compile(
    r"(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum|[^/]*\.(lock|min\.js|min\.css|map|svg|csv|tsv|ipynb|snap))\Z"
)


def unreadable(path: str, content: bytes) -> str:
    """Say why a file is no document to be remembered; nothing when it is one."""
    name = path.rpartition("/")[2]
    if len(content) > MOST_BYTES:
        return f"is larger than {MOST_BYTES:,} bytes"
    if b"\0" in content or _undecodable(content):
        return "is no text"
    if not content.strip():
        return "is empty"
    lines = content.count(b"\n") + 1
    if _MACHINES.match(name) or len(content) > _MOST_PER_LINE * max(lines, 3):
        return "was written by a machine"
    return "has a name that is no UTF-8" if _undecodable(path.encode("utf-8", "surrogateescape")) else ""


def discreet(document: Document, redactor: Redactor) -> Document:
    """Return a document as it may be kept: its secrets are named instead, and each line stays in its place."""
    text = _plain(document.text)
    title = redactor.redacted(_plain(document.title))
    return Document(document.name, _redacted(text, redactor), title, document.origin)


def digest_of(document: Document) -> str:
    """Name what would be kept of a document: equal for two exactly when they agree on it."""
    return hashlib.sha256(f"{VERSION}\0{document.title}\0{document.text}".encode()).hexdigest()


def pieces_of(document: Document) -> tuple[Chunk, ...]:
    """Return a document's pieces."""
    return chunked(document.name, document.text)


def told(document: Document, chunks: Sequence[Chunk]) -> list[str]:
    """Return what finds each piece: its text, and above it where it stands."""
    name = document.title or document.name
    return ["\n".join(filter(None, (name, chunk.heading, chunk.text))) for chunk in chunks]


def _redacted(text: str, redactor: Redactor) -> str:
    pieces: list[str] = []
    at = 0
    for finding in redactor.findings(text):
        lost = text.count("\n", finding.start, finding.end)
        pieces += (text[at : finding.start], f"[secret: {finding.rule}]", "\n" * lost)
        at = finding.end
    return "".join((*pieces, text[at:]))


def _plain(text: str) -> str:
    """Return a text that every database takes, whose lines end as those of all others."""
    clean = text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return clean.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n").replace("\r", "\n")


def _undecodable(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return False
