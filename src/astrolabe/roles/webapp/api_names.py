"""Names in the OpenAPI document: every schema and every operation has one of its own, whatever entities are called.

`Profile` or `Users` are good names for an entity, and the application's own accounts have a schema and an operation that
would be called so; `Book` and `BookPage` beside each other would have two schemas `BookPage`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from astrolabe.roles.webapp.names import ACCOUNT_OPERATIONS, ACCOUNT_SCHEMAS, Names

_SCHEMAS = {"create": "{}Create", "update": "{}Update", "page": "{}Page"}
_OPERATIONS = {
    "list": "list{}",
    "options": "list{}Options",
    "get": "get{}",
    "create": "create{}",
    "update": "update{}",
    "delete": "delete{}",
}


@dataclass(frozen=True)
class ApiNames:
    """Names of one entity: `schemas` by row, create, update, page; `operations` by list, options, get, create, …."""

    schemas: dict[str, str]
    operations: dict[str, str]


def api_names(type_names: Iterable[str]) -> dict[str, ApiNames]:
    """Return the names for the entities of these types; a schema of rows is called like its type wherever it can be."""
    types = list(type_names)
    schemas, operations = Names(ACCOUNT_SCHEMAS), Names(ACCOUNT_OPERATIONS)
    rows = {name: schemas.claim(name, "Row") for name in types}
    return {
        name: ApiNames(
            schemas={
                "row": rows[name],
                **{use: schemas.claim(form.format(name), "Schema") for use, form in _SCHEMAS.items()},
            },
            operations={
                use: operations.claim(form.format(name), "Rows") for use, form in _OPERATIONS.items()
            },
        )
        for name in types
    }
