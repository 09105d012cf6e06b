"""Skills: instructions an agent is given when a task calls for them (the open format `SKILL.md`), and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from astrolabe.errors import Problem


class Scope(StrEnum):
    """Whose skill it is. Of two with one name, that of the earlier scope is used."""

    PROJECT = "project"
    USER = "user"
    SHIPPED = "shipped"


@dataclass(frozen=True)
class Skill:
    """A skill as it was read: `description` is what it is chosen by, `body` what an agent is told.

    `place` is its folder, `files` what else lies in it by path, `digest` names all its content. `warnings` are breaches of
    the format that did not keep it from being used.
    """

    name: str
    description: str
    body: str
    scope: Scope
    place: str
    digest: str
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes], repr=False)
    license: str = ""
    compatibility: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    allowed_tools: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
