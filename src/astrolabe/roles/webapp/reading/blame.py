"""From a flaw in a model to the words of the goal that brought it in."""

from dataclasses import dataclass

from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.flaw import Flaw
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.sdk import Problem

_FACTS = {"enum": "values"}


@dataclass(frozen=True)
class Blame:
    """What stands where: the entity of each key of the model, the lines of the seed's rows and of its accounts."""

    draft: Draft
    entities: dict[str, EntityDraft]
    rows: dict[tuple[str, int], int]
    users: list[int]

    def problem(self, flaw: Flaw, model: AppModel) -> Problem:
        """Return a flaw as a problem of the goal."""
        line, said, about = self._where(flaw, model)
        steps = [str(step) for step in flaw.path]
        name = ".".join(steps[1:4:2]) if steps[0] == "entities" else steps[-1]
        return Problem(self.draft.source.place(line, said, about), f"{name}: {flaw.text}", flaw.hint)

    def _where(self, flaw: Flaw, model: AppModel) -> tuple[int, str, str]:
        match flaw.path:
            case ("seed", "rows", str(key), int(index), *inner):
                row = model.seed.rows[key][index]
                about = str(row.get(str(inner[0]), "")) if inner else ""
                return self.rows.get((key, index), 1), "", about
            case ("seed", "users", int(index), *_):
                return self.users[index], "", model.seed.users[index].email
            case ("entities", str(key), ("fields" | "relations"), str(name), *inner):
                piece, about = self._part(self.entities[key], name, str(inner[0]) if inner else "")
            case ("entities", str(key), *_):
                piece, about = self.entities[key].said, self.entities[key].noun
            case _:
                return 1, "", str(flaw.about)
        return piece.line, piece.text, about

    @staticmethod
    def _part(entity: EntityDraft, name: str, inner: str) -> tuple[Piece, str]:
        item = entity.fields.get(name)
        if item is None:
            link = entity.links.get(name)
            return (link.said, link.noun) if link else (entity.said, entity.noun)
        fact = item.facts.get(_FACTS.get(inner, inner))
        return (fact[1], str(fact[0])) if fact else (item.said, item.noun)
