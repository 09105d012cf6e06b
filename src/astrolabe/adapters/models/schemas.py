"""JSON Schemas as providers take them."""

from typing import Any, cast

_BOUNDS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_NAMED = frozenset({"properties", "$defs"})


def unbounded(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that says nothing of how long texts and lists are: strict modes refuse it, or are left for it."""
    return cast("dict[str, Any]", _plain(schema))


def _plain(node: Any, *, names: bool = False) -> Any:
    if isinstance(node, list):
        return [_plain(inner) for inner in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    fields = cast("dict[str, Any]", node)
    return {
        name: _plain(inner, names=name in _NAMED and not names)
        for name, inner in fields.items()
        if names or name not in _BOUNDS
    }
