"""The Jinja environment of all templates: undefined names are errors, and every text goes through an escaping filter.

A template prints a person's text only as `{{ label | js }}` (a TypeScript or JSON string literal), `| sql`, `| html`,
`| markdown`, `| markdown_code`, `| yaml`, `| comment` (one line inside `//` or `#`) or `| sh`.
"""

import html as html_escapes
import json
import re
import shlex
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from astrolabe.roles.webapp import names, typescript
from astrolabe.roles.webapp.markup import markdown, markdown_code, mermaid_attribute, mermaid_entity

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")

_NOT_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


def js(value: object) -> str:
    """Return a literal that is valid JSON and TypeScript, and harmless inside `<script>` or a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
    for char in "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff\x7f":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.replace("</", "<\\u002f").replace("<!--", "<\\u0021--").replace("*/", "*\\u002f")


def sql(value: str) -> str:
    """Return a standard SQL string literal."""
    return "'" + value.replace("\x00", "").replace("'", "''") + "'"


def html(value: str) -> str:
    """Return text for HTML and for quoted attributes."""
    return html_escapes.escape(_CONTROL.sub(" ", value), quote=True)


def yaml(value: object) -> str:
    """Return a YAML scalar or flow value (JSON is YAML), without characters that YAML does not allow raw."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def comment(value: str) -> str:
    """Return text on one line that cannot end a comment of any of the languages generated."""
    return _CONTROL.sub(" ", value).replace("*/", "* /").replace("-->", "-- >").strip()


_FILTERS: dict[str, Callable[..., object]] = {
    "js": js,
    "sql": sql,
    "html": html,
    "markdown": markdown,
    "markdown_code": markdown_code,
    "mermaid_entity": mermaid_entity,
    "mermaid_attribute": mermaid_attribute,
    "yaml": yaml,
    "comment": comment,
    "sh": shlex.quote,
    "camel": names.camel,
    "kebab": names.kebab,
    "human": names.human,
    "upper_first": names.upper_first,
    "lower_first": names.lower_first,
    "zod": partial(typescript.zod, js),
    "zod_row": typescript.zod_row,
    "query_bound": typescript.query_bound,
    "typed_default": typescript.typed_default,
    "prisma_default": partial(typescript.prisma_default, partial(json.dumps, ensure_ascii=False)),
    "prisma_note": typescript.prisma_note,
    "prisma_action": typescript.prisma_action,
    "column_type": typescript.column_type,
    "label_value": typescript.label_value,
    "sent": typescript.sent,
    "stored": typescript.stored,
    "inserted": typescript.inserted,
    "bound": typescript.stored,
    "value_helpers": typescript.value_helpers,
    "listing_helpers": typescript.listing_helpers,
    "store_helpers": typescript.store_helpers,
}


@cache
def environment() -> Environment:
    """Return the environment that loads `roles/webapp/templates`."""
    made = Environment(
        loader=PackageLoader("astrolabe.roles.webapp", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - most output is not HTML; texts are escaped by the filter of their language
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name, made_filter in _FILTERS.items():
        made.filters[name] = made_filter
    return made


def render(template: str, context: Mapping[str, Any]) -> str:
    """Render `templates/<template>`; jinja2.UndefinedError for a name the context lacks."""
    return environment().get_template(template).render(context)


def file_name(type_name: str) -> str:
    """Name the folder or file of a type: `ReadingList` → `reading-list`, unique since types differ without case."""
    return names.kebab(type_name)


class Copied(str):
    """A file's text as it lies among the templates, where Prettier has been at it already."""

    __slots__ = ()


def render_folder(folder: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Render every file below `templates/<folder>`, by path; names that end in `.j2` are templates, others `Copied`."""
    root = package_files("astrolabe.roles.webapp").joinpath("templates", *folder.split("/"))
    found: dict[str, str] = {}
    for path, source in _walk(root):
        if path.endswith(".j2"):
            found[path.removesuffix(".j2")] = render(f"{folder}/{path}", context)
        else:
            found[path] = Copied(source.read_text(encoding="utf-8"))
    return found


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    # Whoever installs a package may compile what is written in Python, templates too.
    entries = [entry for entry in folder.iterdir() if entry.name != "__pycache__"]
    for item in sorted(entries, key=lambda entry: entry.name):
        path = f"{prefix}{item.name}"
        found += _walk(item, f"{path}/") if item.is_dir() else [(path, item)]
    return found
