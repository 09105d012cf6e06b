"""A fault in what a model means: well-formed, but not an application that can be built."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Flaw:
    """`path` leads to the value in the model's document; `about` is the name it fails to find, if it is one of those."""

    path: Path
    text: str
    hint: str = ""
    about: str = ""


def quoted(value: object, longest: int = 60) -> str:
    """Show a value of the model within a sentence."""
    text = str(value)
    return f"`{text if len(text) <= longest else text[: longest - 1] + '…'}`"


def unknown(path: Path, kind: str, name: str, known: Collection[str]) -> Flaw:
    """Return the flaw of a name nothing has, with the one probably meant."""
    close = difflib.get_close_matches(name.lower()[:80], {other.lower() for other in known}, n=1, cutoff=0.6)
    meant = [other for other in known if close and other.lower() == close[0]]
    listed = ", ".join(list(known)[:12])
    hint = f"did you mean {quoted(meant[0])}?" if meant else f"known: {listed}" if known else ""
    return Flaw(path, f"there is no {kind} {quoted(name)}", hint, about=name)
