"""Whether former names fit: what was renamed is not there any more, and became one thing."""

from collections.abc import Iterator, Mapping

from astrolabe.roles.webapp.model import AppModel, EntityModel, FieldModel, RelationModel
from astrolabe.roles.webapp.reading.flaw import Flaw, Path, quoted

Named = EntityModel | FieldModel | RelationModel


def former_flaws(model: AppModel) -> Iterator[Flaw]:
    """Yield every `was` that cannot be."""
    yield from _flaws(("entities",), {name: (name, item) for name, item in model.entities.items()})
    for entity_name, entity in model.entities.items():
        parts: dict[str, tuple[str, Named]] = {name: ("fields", item) for name, item in entity.fields.items()}
        parts |= {name: ("relations", item) for name, item in entity.relations.items()}
        yield from _flaws(("entities", entity_name), parts, nested=True)


def _flaws(path: Path, parts: Mapping[str, tuple[str, Named]], *, nested: bool = False) -> Iterator[Flaw]:
    there = {name.lower() for name in parts}
    taken: dict[str, str] = {}
    for name, (group, item) in parts.items():
        if item.was is None:
            continue
        place: Path = (*path, group, name, "was") if nested else (*path, name, "was")
        if item.was.lower() in there:
            hint = "leave `was` out, or the other"
            yield Flaw(place, f"{quoted(item.was)} is still there, so {quoted(name)} was not called so", hint)
        elif item.was.lower() in taken:
            yield Flaw(place, f"{quoted(item.was)} became {quoted(taken[item.was.lower()])} already")
        taken.setdefault(item.was.lower(), name)
