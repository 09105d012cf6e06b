"""From the content of a folder to a skill: strict when it is to be judged, lenient when it is to be used.

The rules are those of the open specification (agentskills.io/specification). Skills that were written for other programs
break some of them; as long as it is clear what is meant, they are used and the breach is told.
"""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import Problem
from astrolabe.skills.frontmatter import Head, UnreadableHeadError, Value, read_head

FILE = "SKILL.md"
MOST_NAME, MOST_DESCRIPTION, MOST_COMPATIBILITY = 64, 1024, 500
FIELDS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
_USABLE = re.compile(r"[\w][\w.-]{0,127}")
"""A name that a model can say and a person can type, be it as the format wants it or not."""


@dataclass(frozen=True)
class Content:
    """What lies in a skill's folder: its files by path relative to it. `place` is the folder as a person finds it.

    `faults` are what was left out of it, such as links. One that is `too_large` was not read to its end.
    """

    place: str
    files: Mapping[str, bytes] = field(repr=False)
    faults: tuple[Problem, ...] = ()
    too_large: bool = False

    @property
    def name(self) -> str:
        return self.place.rstrip("/").rsplit("/", 1)[-1]

    @property
    def digest(self) -> str:
        """Names the content: equal for two folders exactly when their files are."""
        found = hashlib.sha256()
        for path in sorted(self.files):
            found.update(f"{path}\0{hashlib.sha256(self.files[path]).hexdigest()}\n".encode())
        return found.hexdigest()


@dataclass(frozen=True)
class Unusable:
    """A folder that should hold a skill and holds none that can be used."""

    place: str
    problems: tuple[Problem, ...]


def validate(content: Content) -> tuple[Problem, ...]:
    """Hold a skill against the specification; return every breach of it with its place and what to do."""
    try:
        head = _head(content)
    except UnreadableHeadError as unreadable:
        return (*content.faults, unreadable.problem)
    return (*content.faults, *head.faults, *_Judge(content, head).problems())


def read_skill(content: Content, scope: Scope) -> Skill | Unusable:
    """Return the skill in a folder, with what is wrong about it as warnings; unusable when nobody could choose it."""
    try:
        head = _head(content)
    except UnreadableHeadError as unreadable:
        return Unusable(content.place, (unreadable.problem,))
    found = (*content.faults, *head.faults, *_Judge(content, head).problems())
    name, description = _usable_name(head, content), _one_line(head.fields.get("description"))
    if name is None or not description or content.too_large:
        return Unusable(content.place, found)
    return Skill(
        name=name,
        description=description,
        body=head.body,
        scope=scope,
        place=content.place,
        digest=content.digest,
        files={path: data for path, data in content.files.items() if path != FILE},
        license=_one_line(head.fields.get("license")),
        compatibility=_one_line(head.fields.get("compatibility")),
        metadata=_mapping(head.fields.get("metadata")),
        allowed_tools=_listed(head.fields.get("allowed-tools")),
        warnings=found,
    )


def _head(content: Content) -> Head:
    place = f"{content.place}/{FILE}"
    if FILE not in content.files:
        other = next((path for path in content.files if path.lower() == FILE.lower()), None)
        hint = f"rename {other} to {FILE}" if other else f"write {FILE} with its fields and instructions"
        raise UnreadableHeadError(Problem(content.place, f"there is no {FILE}", hint))
    return read_head(content.files[FILE], place)


def _usable_name(head: Head, content: Content) -> str | None:
    """Return the name a skill goes by: its own, or its folder's where its own cannot be used."""
    wanted = (_one_line(head.fields.get("name")), content.name)
    return next((name for name in map(_normal, wanted) if _USABLE.fullmatch(name)), None)


def _normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name.strip())


def _one_line(value: Value | None) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _mapping(value: Value | None) -> dict[str, str]:
    return value if isinstance(value, dict) else {}


def _listed(value: Value | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(value) if isinstance(value, list) else ()


@dataclass(frozen=True)
class _Judge:
    """Holds the fields against the specification, one rule after the other."""

    content: Content
    head: Head

    def problems(self) -> tuple[Problem, ...]:
        rules = (self._unknown, self._name, self._description, self._compatibility, self._kinds)
        return tuple(problem for rule in rules for problem in rule())

    def _at(self, name: str, text: str, hint: str = "") -> Problem:
        line = self.head.lines.get(name, 1)
        return Problem(f"{self.content.place}/{FILE}:{line} {name}", text, hint)

    def _unknown(self) -> Iterator[Problem]:
        for name in self.head.fields.keys() - set(FIELDS):
            close = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"is `{close[0]}` meant?" if close else "put fields of your own under `metadata`"
            yield self._at(name[:60], "is no field of the format", hint)

    def _name(self) -> Iterator[Problem]:
        value = self.head.fields.get("name")
        if not isinstance(value, str) or not value.strip():
            yield self._at("name", "is missing", f"write `name: {self.content.name}`, as its folder")
            return
        name = _normal(value)
        if len(name) > MOST_NAME:
            yield self._at("name", f"has {len(name)} characters", f"at most {MOST_NAME} are allowed")
        if name != name.lower():
            yield self._at("name", "has capital letters", f"write {name.lower()}, and rename its folder")
        if not all(char.isalnum() or char == "-" for char in name):
            yield self._at("name", "has other characters than letters, digits and hyphens", "leave them out")
        if name.startswith("-") or name.endswith("-") or "--" in name:
            hint = "put single hyphens between words"
            yield self._at("name", "begins or ends with a hyphen, or has two in a row", hint)
        if name != _normal(self.content.name):
            hint = "give both the same name"
            yield self._at("name", f"is {name!r}, but its folder is {self.content.name!r}", hint)

    def _description(self) -> Iterator[Problem]:
        value = self.head.fields.get("description")
        if not isinstance(value, str) or not value.strip():
            hint = "say in a sentence or two what the skill does and when to use it"
            yield self._at("description", "is missing", hint)
        elif len(value) > MOST_DESCRIPTION:
            hint = f"at most {MOST_DESCRIPTION} are allowed; the rest belongs below the fields"
            yield self._at("description", f"has {len(value)} characters", hint)

    def _compatibility(self) -> Iterator[Problem]:
        value = self.head.fields.get("compatibility")
        if value is None:
            return
        if not isinstance(value, str) or not value.strip():
            yield self._at("compatibility", "says nothing", "leave it out, or say what the skill needs")
        elif len(value) > MOST_COMPATIBILITY:
            hint = f"at most {MOST_COMPATIBILITY} are allowed"
            yield self._at("compatibility", f"has {len(value)} characters", hint)

    def _kinds(self) -> Iterator[Problem]:
        fields = self.head.fields
        if not isinstance(fields.get("license", ""), str):
            yield self._at("license", "is no text", "name the licence, or the file it stands in")
        if not isinstance(fields.get("metadata", {}), dict):
            yield self._at("metadata", "is no mapping", "write `key: value` lines below it")
        if isinstance(fields.get("allowed-tools"), dict):
            yield self._at("allowed-tools", "is no list", "write names with spaces between them, or a list")
