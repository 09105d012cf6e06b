"""Showing how a goal was read, sentence by sentence."""

from typing import Any

from rich.table import Table
from rich.text import Text

from astrolabe.cli.output import console
from astrolabe.cli.terminal import clean
from astrolabe.planning.recipe import Reading, Understanding

STYLES = {
    Reading.UNDERSTOOD: ("understood", "green"),
    Reading.ASSUMED: ("assumed", "cyan"),
    Reading.IGNORED: ("ignored", "dim"),
    Reading.UNREAD: ("NOT READ", "bold yellow"),
}


def print_understanding(understanding: Understanding) -> None:
    """Print what was understood, assumed, ignored and not read."""
    out = console()
    out.print(Text(clean(f"{understanding.title} ({understanding.recipe})"), style="bold"))
    for line in understanding.summary:
        out.print(Text(clean(f"  {line}")))
    if understanding.sentences:
        out.print(_table(understanding))
    out.print()


def understanding_document(understanding: Understanding) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "recipe": understanding.recipe,
        "title": understanding.title,
        "document_name": understanding.document_name,
        "document": understanding.document,
        "sentences": [
            {"line": s.line, "text": s.text, "reading": s.reading.value, "meaning": s.meaning}
            for s in understanding.sentences
        ],
    }


def _table(understanding: Understanding) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("line", "", "sentence", "taken to mean"):
        table.add_column(column, overflow="fold")
    for sentence in understanding.sentences:
        word, style = STYLES[sentence.reading]
        line = str(sentence.line) if sentence.line else ""
        table.add_row(
            line, Text(word, style=style), Text(clean(sentence.text)), Text(clean(sentence.meaning))
        )
    return table
