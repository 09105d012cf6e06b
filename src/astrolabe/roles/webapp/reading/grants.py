"""Rights as a goal gives and takes them, before they are weighed against each other."""

from dataclasses import dataclass
from enum import Enum

from astrolabe.roles.webapp.reading.sentences import Piece

GUESTS, ADMIN = "without an account", "admin"
"""Principals that a goal can name beside those of a model: people without an account, and the role every model has."""


class Scope(Enum):
    """Which rows a right is about. EVERY says so expressly; ALL names the thing and leaves open whether others' are meant."""

    ALL = "all"
    EVERY = "every"
    OWN = "own"
    OTHERS = "others"


@dataclass(frozen=True)
class Who:
    """People a phrase names: principals, those left `but`, and roles among them that were not known before.

    `wide` tells that everybody of them is meant expressly, `signed` that being signed in is named as what counts, `other`
    that they are all but those spoken of before, `myself` that it is whoever asks; `of` is the thing whose owner is
    meant, where it is named.
    """

    principals: tuple[str, ...]
    roles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    wide: bool = False
    signed: bool = False
    other: bool = False
    myself: bool = False
    of: str = ""
    but: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grant:
    """Somebody may, or may not, do something.

    `only` keeps everybody else out, of others' rows where the scope is OWN; `loose` tells that nothing was said about
    whose rows are meant.
    """

    principals: tuple[str, ...]
    said: Piece
    scope: Scope = Scope.ALL
    only: bool = False
    allowed: bool = True
    but: tuple[str, ...] = ()
    loose: bool = False


@dataclass(frozen=True)
class Heir:
    """A role that may do whatever others may."""

    role: str
    of: tuple[str, ...]
    said: Piece
