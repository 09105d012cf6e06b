"""Maven's pom.xml, which names what it asks for and not what that needs, and Gradle's lock file.

XML is read as a stream; a document type, and with it every entity that could expand or reach a file, ends the reading.
"""

import re
from collections.abc import Iterator

from astrolabe.projects.listing import Listing
from astrolabe.projects.markup import NotWhole, RefusedError, feed
from astrolabe.projects.parts import Part, word

_LOCKED = re.compile(r"(?P<group>[\w.-]{1,200}):(?P<name>[\w.-]{1,200}):(?P<version>[\w.+-]{1,200})=")
_PROPERTY = re.compile(r"\$\{([\w.-]{1,200})\}")
_DEEPEST = 64
_MOST_CHARACTERS = 500
_NESTED = 8
"""How often a property may stand for another."""
_Dependency = dict[str, str]


class _Pom:
    """One document being read: its dependencies, the versions it manages, its properties."""

    def __init__(self) -> None:
        self.wanted: list[_Dependency] = []
        self.managed: dict[tuple[str, str], str] = {}
        self.properties: dict[str, str] = {}
        self._path: list[str] = []
        self._text = ""
        self._one: _Dependency | None = None

    def read(self, text: str) -> None:
        """Read as far as it is XML and holds no more than a project's description."""
        try:
            feed(re.sub(r"\A\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace"), self)
        except (NotWhole, RefusedError):
            return  # what stood before is kept: an incomplete bill says that it is

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        self._path.append(name)
        self._text = ""
        if len(self._path) > _DEEPEST:
            raise RefusedError
        if name == "dependency" and self._path[-2:-1] == ["dependencies"] and "plugin" not in self._path:
            self._one = {}

    def hear(self, text: str) -> None:
        if len(self._text) < _MOST_CHARACTERS:
            self._text += text

    def end(self, name: str) -> None:
        above = self._path[-2] if len(self._path) > 1 else ""
        text = self._text.strip()
        if self._one is not None and above == "dependency":
            self._one[name] = text
        elif above == "properties" or self._path[:-1] in (["project"], ["project", "parent"]):
            self._define(name, text, above)
        if self._one is not None and name == "dependency":
            self._take(self._one)
            self._one = None
        self._path.pop()
        self._text = ""

    def _define(self, name: str, text: str, above: str) -> None:
        self.properties[name if above == "properties" else f"project.{name}"] = text
        if above == "parent":
            self.properties[f"project.parent.{name}"] = text

    def _take(self, one: _Dependency) -> None:
        if "dependencyManagement" in self._path:
            self.managed[one.get("groupId", ""), one.get("artifactId", "")] = one.get("version", "")
        else:
            self.wanted.append(one)

    def value(self, text: str) -> str:
        """Return a text with its properties put in; nothing where one is not known here."""
        for _ in range(_NESTED):
            if len(text) > _MOST_CHARACTERS or not _PROPERTY.search(text):
                break
            text = _PROPERTY.sub(lambda found: self.properties.get(found.group(1), ""), text)
        return "" if "$" in text else word(text)


def pom(listing: Listing, path: str) -> Iterator[Part]:
    """Read the dependencies; a version that a parent elsewhere decides, or a range, is unknown here."""
    document = _Pom()
    document.read(listing.text(path))
    for one in document.wanted:
        group, name = document.value(one.get("groupId", "")), document.value(one.get("artifactId", ""))
        told = one.get("version") or document.managed.get(
            (one.get("groupId", ""), one.get("artifactId", "")), ""
        )
        version = document.value(told)
        if group and name:
            yield Part("maven", f"{group}/{name}", "" if version[:1] in "[(" else version, whole=False)


def gradle(listing: Listing, path: str) -> Iterator[Part]:
    """Read what Gradle locked for every configuration."""
    for line in listing.text(path).splitlines():
        if found := _LOCKED.match(line):
            yield Part("maven", f"{found['group']}/{found['name']}", found["version"])
