"""A name of a model never meets a name of the templates: no file declares or imports one thing twice.

The names tried are not a list somebody thought of: they are every identifier of the generated files that a name derived
from an entity or enum could be equal to.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import pytest

from astrolabe.roles.webapp.api_tests import api_test_files
from astrolabe.roles.webapp.backend import backend_files
from astrolabe.roles.webapp.frontend import frontend_files
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.names import ACCOUNT_OPERATIONS, ACCOUNT_SCHEMAS, lower_first
from astrolabe.roles.webapp.view import AppView
from astrolabe.roles.webapp.web_tests import web_test_files

PLAIN: tuple[str, str, str] = ("Qqqq", "Wwww", "Zzzz")
"""Two entities and an enum, called like nothing in the templates."""

_NOISE = re.compile(
    r"/\*.*?\*/|(?<![:'\"])//[^\n]*|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`", re.DOTALL
)
_DECLARED = re.compile(
    r"\b(?:const|let|function|class|interface|type|enum)\s+([A-Za-z_$][\w$]*)"
    r"|import\s+(?:type\s+)?\*\s+as\s+(\w+)|import\s+(?:type\s+)?(\w+)\s+from"
)
_TOP_LEVEL = re.compile(
    r"^(?:export\s+)?(?:default\s+)?(?:async\s+)?(const|let|function|class|interface|type|enum)\s+([\w$]+)",
    re.MULTILINE,
)
_IMPORTED = re.compile(r"import\s+(type\s+)?\{([^}]*)\}")
_IDENTIFIER = re.compile(r"(?<![.\w$])[A-Za-z_$][\w$]*")
_TYPES_ONLY = frozenset({"interface", "type"})


def _entity(other: str, *, owned: bool) -> dict[str, Any]:
    kinds = ("string", "text", "integer", "decimal", "boolean", "date", "datetime", "email", "url")
    return {
        "owned": owned,
        "description": "Something",
        "fields": {
            **{f"ffff{kind}": {"type": kind} for kind in kinds},
            **{f"gggg{kind}": {"type": kind, "required": True} for kind in kinds},
            "ffffenum": {"type": "enum", "enum": PLAIN[2]},
            "ffffpattern": {"pattern": "^a", "unique": True},
            "ffffnow": {"type": "date", "default": "today"},
        },
        "relations": {
            "rrrra": {"to": other, "required": owned},
            "rrrrb": {"to": other, "kind": "many-to-many"},
            "rrrrc": {"to": other, "kind": "one-to-one", "on_delete": "cascade"},
            "rrrrd": {"to": PLAIN[0] if owned else PLAIN[1]},
        },
    }


def _view(first: str, second: str, enum: str) -> AppView:
    renamed: dict[str, str] = dict(zip(PLAIN, (first, second, enum), strict=True))

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {renamed.get(key, key): named(item) for key, item in value.items()}
        return renamed.get(value, value) if isinstance(value, str) else value

    entities = {PLAIN[0]: _entity(PLAIN[1], owned=True), PLAIN[1]: _entity(PLAIN[0], owned=False)}
    rows = {
        PLAIN[0]: [{"ffffstring": "one", "rrrra": "two"}],
        PLAIN[1]: [{"ffffstring": "two", "rrrrb": ["one"], "rrrra": "one"}],
    }
    model = {
        "name": "App",
        "roles": ["ssss"],
        "enums": named({PLAIN[2]: ["vvvv", "xxxx"]}),
        "entities": named(entities),
        "seed": {"rows": {renamed[key]: value for key, value in rows.items()}},
    }
    return AppView.of(AppModel.model_validate(model))


def _code(app: AppView) -> dict[str, str]:
    """Return the TypeScript made from templates by path, without comments and texts."""
    found: dict[str, str] = {}
    for files in (backend_files(app), frontend_files(app), api_test_files(app), web_test_files(app)):
        for path, text in files.items():
            if path.endswith((".ts", ".tsx")) and path not in _constant():
                found[path] = _NOISE.sub("''", text)
    return found


@cache
def _constant() -> frozenset[str]:
    """Return the paths of files that are the same in every application."""
    templates = Path(str(package_files("astrolabe.roles.webapp") / "templates"))
    folders = [templates / name for name in ("backend/app", "frontend/app", "testing/api/app", "testing/web")]
    return frozenset(str(path.relative_to(top)) for top in folders for path in top.rglob("*.ts*"))


def _imported(code: str) -> list[tuple[str, bool]]:
    """Return what a file imports by name, and whether only as a type."""
    parts = [
        (part.strip(), bool(only_types))
        for only_types, inside in _IMPORTED.findall(code)
        for part in inside.split(",")
        if part.strip()
    ]
    return [
        (part.removeprefix("type ").split(" as ")[-1].strip(), only_types or part.startswith("type "))
        for part, only_types in parts
    ]


def _bound(code: str) -> set[str]:
    declared = {next(filter(None, names)) for names in _DECLARED.findall(code)}
    return declared | {name for name, _ in _imported(code)}


def _meetings() -> Iterator[tuple[str, str, str]]:
    """Yield what a name would have to be to meet the templates' own: kind, the derived form, the identifier met."""
    ours = re.compile("|".join(PLAIN), re.IGNORECASE)
    for code in _code(_view(*PLAIN)).values():
        bound = _bound(code)
        others = {name for name in {*_IDENTIFIER.findall(code), *bound} if not ours.search(name)}
        for name in bound:
            if place := ours.search(name):
                kind = "enum" if place[0].lower() == PLAIN[2].lower() else "entity"
                form = (
                    f"{name[: place.start()]}{'{T}' if place[0][0].isupper() else '{v}'}{name[place.end() :]}"
                )
                yield from ((kind, form, other) for other in others)


def _middle(form: str, met: str) -> str:
    """Return what has to stand in a form to make it the identifier that is met, or nothing."""
    head, tail = re.split(r"\{.\}", form)
    fits = met.startswith(head) and met.endswith(tail) and len(met) > len(head) + len(tail)
    middle = met[len(head) : len(met) - len(tail)] if fits else ""
    name = middle[:1].upper() + middle[1:]
    return name if re.fullmatch(r"[A-Z][A-Za-z0-9]{0,39}", name) else ""


def _derived(kind: str, form: str, name: str) -> str:
    """Return what a form becomes for an entity or enum of that name."""
    app = _view(name, *PLAIN[1:]) if kind == "entity" else _view(*PLAIN[:2], name)
    entity, enum = app.entities[0], app.enums[0]
    if kind == "entity":
        return form.format(T=entity.type_name, v=entity.variable)
    return form.format(T=enum.type_name, v=lower_first(enum.type_name))


def _repeated(code: str) -> list[str]:
    """Return names a file declares or imports twice; a type may be called like a value."""
    values: list[str] = []
    types: list[str] = []
    for keyword, name in _TOP_LEVEL.findall(code):
        (types if keyword in _TYPES_ONLY else values).append(name)
    for name, only_types in _imported(code):
        (types if only_types else values).append(name)
    values += re.findall(r"^import\s+(?:type\s+)?\*\s+as\s+(\w+)", code, re.MULTILINE)
    return [name for names in (values, types) for name in set(names) if names.count(name) > 1]


def test_a_name_that_the_templates_use_gets_another_form() -> None:
    tried = {(kind, form, met, name) for kind, form, met in _meetings() if (name := _middle(form, met))}
    assert ("entity", "{T}", "Row", "Row") in tried
    met = {each for each in tried if _derived(each[0], each[1], each[3]) == each[2]}
    assert met <= {
        ("entity", "{v}Schema", "createSchema", "Create")
    }  # `import { createSchema as createSchema }`


@pytest.mark.parametrize(
    "names",
    [
        ("Book", "BookInput", "BookPage"),
        ("Book", "BookPage", "BookInput"),
        ("Profile", "Users", "UserRole"),
        ("Book", "BookOptions", "Kind"),
        ("Accounts", "Rows", "Links"),
        ("Define", "Describe", "Values"),
        ("Resources", "Resource", "CreateInput"),
    ],
)
def test_names_of_a_model_do_not_meet_each_other(names: tuple[str, str, str]) -> None:
    app = _view(*names)
    assert {path: found for path, code in _code(app).items() if (found := _repeated(code))} == {}
    schemas = [name for entity in app.entities for name in entity.api.schemas.values()]
    operations = [name for entity in app.entities for name in entity.api.operations.values()]
    assert len(set(schemas)) == len(schemas)
    assert len(set(operations)) == len(operations)


def test_the_account_s_own_names_in_the_openapi_document_are_known() -> None:
    folder = Path(str(package_files("astrolabe.roles.webapp") / "templates/backend/app/api/src/openapi"))
    text = "".join((folder / name).read_text() for name in ("account.ts", "document.ts.j2"))
    named = re.findall(r"(?:\bname: |component\()'(\w+)'", text)
    assert {*named, "Options"} == set(ACCOUNT_SCHEMAS)
    assert set(re.findall(r"\bid: '(\w+)'", text)) == set(ACCOUNT_OPERATIONS)
