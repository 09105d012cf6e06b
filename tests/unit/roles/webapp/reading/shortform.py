"""A model on a few lines, for expectations that people can read and check."""

from astrolabe.roles.webapp.model import AppModel, FieldModel

ARROWS = {"many-to-one": "->", "one-to-one": "--", "many-to-many": "=>"}


def short(model: AppModel) -> list[str]:
    lines = [f"app {model.name}"]
    if model.roles:
        lines.append("roles " + ", ".join(model.roles))
    lines += [f"enum {name}: {' '.join(values)}" for name, values in model.enums.items()]
    for name, entity in model.entities.items():
        parts = [f"{key}:{short_field(item)}" for key, item in entity.fields.items()]
        for key, link in entity.relations.items():
            parts.append(f"{key}{ARROWS[link.kind.value]}{link.to}" + ("!" if link.required else ""))
        lines.append(f"{name}{'' if entity.owned else ' shared'}: {', '.join(parts)}")
        if entity.permissions:
            said = (f"{action.value}: {' '.join(who)}" for action, who in entity.permissions.items())
            lines.append("  may " + "; ".join(said))
    return lines


def short_field(item: FieldModel) -> str:
    text = (item.enum or item.type.value) + "!" * item.required + "*" * item.unique
    if item.min is not None or item.max is not None:
        text += f"[{_end(item.min)}..{_end(item.max)}]"
    if item.min_length is not None or item.max_length is not None:
        text += f"<{item.min_length or ''}..{item.max_length or ''}>"
    return text if item.default is None else f"{text}={item.default}"


def _end(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
