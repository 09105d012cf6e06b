"""Rows and accounts of the seed as a brief gives them: tables, `Tag: tools, history`, `Ada <ada@example.org>, admin`."""

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from astrolabe.roles.webapp.model import (
    NUMBERS,
    AppModel,
    EntityModel,
    FieldModel,
    FieldType,
    RelationKind,
    Seed,
    SeedUser,
)
from astrolabe.roles.webapp.reading.blocks import Table
from astrolabe.roles.webapp.reading.draft import Draft, key_of
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.words import enum_identifier, field_identifier, role_identifier
from astrolabe.sdk import Problem, Reading

_USERS = frozenset({"User", "Account", "Login", "Person"})
_ADDRESS = re.compile(
    r"(?P<name>[^<(:,]*?)\s*[<(:,]?\s*(?P<email>[^\s<>(),;:]+@[^\s<>(),;:]+)\s*[>)]?\s*(?:[,(\u2013\u2014-]+\s*(?:role:?\s*)?(?P<role>[\w -]+?)\)?)?\s*\Z"
)


@dataclass
class SeedNotes:
    """Rows as texts: for each, the thing it is of, the columns, the cells and the line."""

    rows: list[tuple[str, tuple[str, ...], tuple[str, ...], int]] = field(
        default_factory=list[tuple[str, tuple[str, ...], tuple[str, ...], int]]
    )
    users: list[tuple[SeedUser, int]] = field(default_factory=list[tuple[SeedUser, int]])
    problems: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def table(self, table: Table, within: str, *, kept: bool = False) -> None:
        """Take the rows of a table; `kept` tells that they are of a thing, even where its name could mean accounts."""
        for line, cells in table.rows:
            if (key_of(within) in _USERS and not kept) or (
                not within and "email" in {cell.lower() for cell in table.header}
            ):
                parts = {
                    field_identifier(column): cell for column, cell in zip(table.header, cells, strict=False)
                }
                email = parts.get("email") or parts.get("eMail", "")
                self._user(email, parts.get("name") or email.split("@")[0], parts.get("role") or "user", line)
            else:
                self.rows.append((within, table.header, cells, line))

    def take(self, draft: Draft, piece: Piece, within: str) -> None:
        """Take an item of the seed's section."""
        address = _ADDRESS.fullmatch(piece.text.strip(" ."))
        if address and (not within or (key_of(within) in _USERS and draft.find(within) is None)):
            name = (address["name"] or "").strip() or address["email"].split("@")[0]
            self._user(address["email"], name, address["role"] or "user", piece.line)
            draft.note(piece, Reading.UNDERSTOOD, f"an account for {name}")
            return
        noun, text = within, piece.text
        if not within and (
            found := re.fullmatch(
                r"(?P<noun>[\w -]{1,40}?)\s*(?::|\s[-\u2013\u2014]\s)\s*(?P<rest>\S.*)", text
            )
        ):
            noun, text = found["noun"], found["rest"]
        if not noun or draft.find(noun) is None:
            draft.note(piece, Reading.UNREAD, "it is not said which thing this is a row of")
            return
        pairs = _pairs(text)
        if pairs:
            self.rows.append((noun, tuple(pairs), tuple(pairs.values()), piece.line))
        elif within:
            self.rows.append((noun, ("",), (text.strip(" ."),), piece.line))
        else:
            self.rows += [(noun, ("",), (item.strip("\"' ."),), piece.line) for _, item in split_list(text)]
        draft.note(piece, Reading.UNDERSTOOD, f"a row of the seed: {noun}")

    def _user(self, email: str, name: str, role: str, line: int) -> None:
        try:
            role = role_identifier(role) or "user"
            self.users.append(
                (SeedUser(email=email, name=name, role="admin" if role == "administrator" else role), line)
            )
        except ValidationError:
            self.problems.append((line, email))

    def seed(
        self, model: AppModel, draft: Draft, keys: dict[str, str]
    ) -> tuple[Seed, dict[tuple[str, int], int]]:
        """Return the seed with values of the right types, and the line of every row."""
        rows: dict[str, list[dict[str, Any]]] = {}
        lines: dict[tuple[str, int], int] = {}
        draft.problems += [
            Problem(draft.source.place(line, email), f"{quoted(email)} is no e-mail address")
            for line, email in self.problems
        ]
        for noun, columns, cells, line in sorted(self.rows, key=lambda row: row[3]):
            key = keys.get(key_of(noun), "")
            if key not in model.entities:
                draft.problem(
                    Piece(noun, line),
                    f"there is no {quoted(noun)} that could have rows",
                    "name a thing of this application",
                )
                continue
            row = self._row(model, model.entities[key], columns, cells)
            lines[key, len(rows.setdefault(key, []))] = line
            rows[key].append(row)
        users = tuple(user for user, _ in self.users)
        return Seed(users=users, rows={key: tuple(found) for key, found in rows.items()}), lines

    def _row(
        self, model: AppModel, entity: EntityModel, columns: tuple[str, ...], cells: tuple[str, ...]
    ) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for column, cell in zip(columns, cells, strict=False):
            key = field_identifier(column) if column else entity.display_name
            if not cell.strip() or cell.strip() in {"-", "\u2013", "\u2014"}:
                continue
            if key in entity.fields:
                row[key] = _value(entity.fields[key], cell.strip(), model.enums)
            elif key in entity.relations and entity.relations[key].kind is RelationKind.MANY_TO_MANY:
                row[key] = [item for _, item in split_list(cell)]
            else:
                row[key] = cell.strip()
        return row


def _pairs(text: str) -> dict[str, str]:
    """Read `title: The Engine; rating: 5`."""
    parts = re.split(r"\s*;\s*|,\s+(?=\w[\w ]{0,30}:\s)", text)
    found = [
        re.fullmatch(r"(?P<key>\w[\w ]{0,30}?)\s*[:=]\s+(?P<value>\S.*)", part.strip()) for part in parts
    ]
    return {match["key"]: match["value"].strip("\"'") for match in found if match} if all(found) else {}


def _value(item: FieldModel, text: str, enums: dict[str, tuple[str, ...]]) -> Any:
    if item.type is FieldType.BOOLEAN:
        return {"yes": True, "true": True, "x": True, "✓": True, "no": False, "false": False}.get(
            text.lower(), text
        )
    if item.type in NUMBERS:
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if number == int(number) else number
    if item.type is FieldType.ENUM:
        value = enum_identifier(text)
        return next(
            (known for known in enums.get(item.enum or "", ()) if known.lower() == value.lower()), text
        )
    return text
