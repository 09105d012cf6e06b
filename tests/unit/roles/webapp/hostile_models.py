"""Models of one shape whose texts are drawn: what a person may have typed into any of them."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from astrolabe.roles.webapp.markup import one_line
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView

HOSTILE = (
    "# heading",
    "- item",
    "1. item",
    "===",
    "---",
    "a | b",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "```",
    "`$(id)`",
    "${{ secrets.TOKEN }}",
    "{{ 7 * 7 }}",
    "{% raw %}",
    '"; drop table x; --',
    "no",
    "null: {a: [",
    "C #",
    "back\\slash\\",
    "&lt;",
    "*b* _i_ ~~s~~",
    "-->",
    "\U0001f4da emoji",
    "\u202edrawkcab",
    "http://evil.example",
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet="\\`*_{}[]()<>#+-.!|~$&:@=;/ 1ab", min_size=1, max_size=20),
).filter(lambda text: one_line(text).strip() != "")


def view(texts: list[str]) -> AppView:
    """Return a view whose labels and descriptions are `texts`, taken in turn."""
    following = iter(texts * 3)
    take = lambda: next(following)  # noqa: E731 - one word in a literal below
    field = {"type": "string", "label": take(), "description": take(), "pattern": take(), "default": take()}
    other = {"type": "enum", "enum": "Kind", "label": take(), "required": True}
    model: dict[str, Any] = {
        "name": take(),
        "description": take(),
        "roles": ["editor"],
        "enums": {"Kind": ["one", "two"]},
        "enum_labels": {"Kind": {"one": take()}},
        "entities": {
            "Book": {
                "label": take(),
                "plural": take(),
                "description": take(),
                "fields": {"title": field, "kind": other, "pk": {"type": "integer", "min": 1}},
                "relations": {
                    "shelf": {"to": "Many", "label": take()},
                    "tags": {"to": "Many", "kind": "many-to-many"},
                },
            },
            "Many": {"plural": take(), "owned": False, "fields": {"name": {"unique": True, "type": "email"}}},
        },
    }
    return AppView.of(AppModel.model_validate(model))


MODELS = st.lists(TEXTS, min_size=14, max_size=14)
"""Texts for `view`."""


@cache
def plain() -> AppView:
    """Return the view of the same shape with harmless texts."""
    return view(["plain text"] * 14)
