"""Reading XML that others wrote, event by event: no document type is followed, so there are no entities to expand."""

from typing import Protocol
from xml.parsers import expat

NotWhole = expat.ExpatError
"""What is raised for a document that is no XML, or ends too early."""


class RefusedError(Exception):
    """What was read is not to be read further."""


class Reader(Protocol):
    """What hears of elements, in the order of the document."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def hear(self, text: str) -> None: ...


def feed(raw: bytes, reader: Reader) -> None:
    """Tell a reader of a document in UTF-8, whatever that says of itself.

    Raises:
        NotWhole: it is no XML; what stood before was told.
        RefusedError: it declares a document type, or the reader refused it.
    """
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.hear
    parser.Parse(raw, True)


def _refuse(*_: object) -> None:
    raise RefusedError("it declares a document type, which nothing here needs")
