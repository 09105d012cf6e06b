"""From a goal to an understanding: which of the three forms it has, and whether it is ours at all."""

import re
from dataclasses import replace
from enum import Enum
from pathlib import PurePath

from pydantic import ValidationError

from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading.assembly import Assembly
from astrolabe.roles.webapp.reading.blame import Blame
from astrolabe.roles.webapp.reading.brief import Brief
from astrolabe.roles.webapp.reading.documents import DOCUMENT_NAME, dump, model_of
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.intent import Ask, name_from
from astrolabe.roles.webapp.reading.language import is_english, names_are_english
from astrolabe.roles.webapp.reading.meaning import problems_in
from astrolabe.roles.webapp.reading.sections import title_of
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.units import asks
from astrolabe.roles.webapp.reading.words import label_of, plural
from astrolabe.sdk import Goal, GoalError, Problem, Reading, Sentence, Understanding, read_document

RECIPE = "webapp"
MOST_ENTITIES = 40

_MARKED = re.compile(
    r"\A\ufeff?(?:\s|#[^\n]*\n|---[^\n]*\n|%[^\n]*\n|\{)*[\"']?astrolabe[\"']?[ \t]*:[ \t]*[\"']?(\S*)"
)
_MODEL_FILE = re.compile(r"\.(?:ya?ml|json)\Z", re.IGNORECASE)
_MODEL_KEY = re.compile(r"(?:^|[{,])[ \t]*[\"']?(?:astrolabe|entities)[\"']?[ \t]*:", re.MULTILINE)
_ENOUGH_EVIDENCE = 2
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_MOST_ODD_CHARACTERS = 0.01


def read_goal(goal: Goal) -> Understanding | None:
    """Return what was understood, or None for a goal that asks for something else than a web application.

    Raises:
        GoalError: the goal is empty or binary; it is a model with faults; or it contradicts itself.
    """
    name = PurePath(goal.path).name if goal.path else "goal"
    _check_text(goal.text, name)
    if _is_model(goal.text, name):
        model = model_of(goal.text, name)
        return replace(understanding_of(model, canonical=True), document=goal.text)
    return None if _MODEL_FILE.search(name) or _MARKED.match(goal.text) else _read_words(goal.text, name)


def _is_model(text: str, name: str) -> bool:
    """Tell whether a goal is a model of ours, well-formed or not; other recipes may have models too.

    Raises:
        GoalError: it has entities, but does not say that it is one; or it is a file that may be a model, and breaks the
            rules of YAML or JSON.
    """
    if marked := _MARKED.match(text):
        return marked[1].startswith("webapp") or not marked[1]
    if not _MODEL_FILE.search(name) or not _MODEL_KEY.search(text):
        return False
    document = read_document(text, name, GoalError)
    if document.has(["astrolabe"]):
        return str(document.at(["astrolabe"]) or "webapp").startswith("webapp")
    if not document.has(["entities"]):
        return False
    problem = document.problem(
        ["entities"], "it has entities, but does not say what it is", "begin it with `astrolabe: webapp/1`"
    )
    raise GoalError(f"{name} is not a valid model", [problem])


def _read_words(text: str, name: str) -> Understanding | None:
    """Read Markdown or prose."""
    brief = Brief(text, name)
    brief.read()
    verdict = _verdict(brief)
    if verdict is Verdict.FOREIGN:
        return None
    if verdict is Verdict.BARE:
        hint = "add what it keeps, as in: A recipe has a title, ingredients and a rating from 1 to 5."
        asked = next(unit.piece for unit in brief.units if asks(unit))
        place = brief.draft.source.place(asked.line, asked.text)
        problem = Problem(place, "it asks for an application, but does not say what is kept in it", hint)
        raise GoalError("the goal says too little", [problem])
    return _understanding(brief, name)


class Verdict(Enum):
    """Whether a goal is ours: OURS, an application that says nothing of its data, or something else."""

    OURS = "ours"
    BARE = "bare"
    FOREIGN = "foreign"


def _verdict(brief: Brief) -> Verdict:
    asks = [request.ask for request in brief.requests]
    draft = brief.draft
    stated = any(entity.fields or entity.declared for entity in draft.entities.values())
    wanted = max((ask.value for ask in asks), default=0)
    others = {Ask.OTHER, Ask.DEED} & set(asks)
    if others & set(asks[:1]) or (others and wanted < Ask.APPLICATION.value):
        return Verdict.FOREIGN
    if not stated:
        bare = wanted == Ask.APPLICATION.value and is_english(brief.text)
        return Verdict.BARE if bare else Verdict.FOREIGN
    names = [
        noun
        for entity in draft.entities.values()
        for noun in (entity.noun, *(item.noun for item in entity.fields.values()))
    ]
    if not names_are_english(names):
        return Verdict.FOREIGN
    understood = sum(
        any(sentence.reading is not Reading.UNREAD for sentence in unit.account) for unit in brief.units
    )
    mostly = understood * 3 >= len(brief.units)
    strong = draft.evidence >= _ENOUGH_EVIDENCE or (brief.headed > 0 and draft.evidence > 0)
    if wanted == Ask.APPLICATION.value or (wanted and draft.evidence) or (strong and mostly):
        return Verdict.OURS
    return Verdict.FOREIGN


def _understanding(brief: Brief, file: str) -> Understanding:
    draft = brief.draft
    if len(draft.entities) > MOST_ENTITIES:
        text = f"{len(draft.entities)} kinds of things are spoken of, at most {MOST_ENTITIES} can be built"
        draft.problem(list(draft.entities.values())[MOST_ENTITIES].said, text, "leave some out")
        raise GoalError(f"{file} cannot be built as it is", draft.problems)
    assumed: list[Sentence] = []
    draft.account = assumed
    name = _name_of(brief)
    assembly = Assembly(draft)
    try:
        model = assembly.model(name, brief.extras)
        seed, lines = brief.seeds.seed(model, draft, assembly.keys)
        model = model.model_copy(update={"seed": seed})
    except ValidationError as invalid:
        faults = [
            Problem(f"{file}:1:1", f"{error['msg']}: {visible_input(error['input'])}")
            for error in invalid.errors()
        ]
        raise GoalError(f"{file} cannot be built as it is", [*draft.problems, *faults]) from invalid
    problems = [*draft.problems, *_flaw_problems(brief, assembly, model, lines)]
    if problems:
        raise GoalError(f"{file} cannot be built as it is", sorted(dict.fromkeys(problems), key=_mark_of))
    sentences = (*brief.account(), *assumed)
    return replace(understanding_of(model), sentences=sentences)


def visible_input(value: object) -> str:
    """Show the start of a value that does not fit."""
    return quoted(" ".join(str(value).split()))


def _mark_of(problem: Problem) -> tuple[int, ...]:
    return tuple(map(int, problem.place.rsplit(":", 2)[1:]))


def _flaw_problems(
    brief: Brief, assembly: Assembly, model: AppModel, rows: dict[tuple[str, int], int]
) -> list[Problem]:
    """Return what is wrong with a model that words were made into, at the places of those words."""
    said = {assembly.keys[key]: entity for key, entity in brief.draft.entities.items()}
    blame = Blame(brief.draft, said, rows, [line for _, line in brief.seeds.users])
    return [blame.problem(flaw, model) for flaw in problems_in(model)]


def _name_of(brief: Brief) -> str:
    """Return the application's name; one that was not given is noted as assumed."""
    given = next((request.name for request in brief.requests if request.name), "")
    if brief.title:
        return title_of(brief.title)
    if given:
        return given
    derived = next((name for request in brief.requests if (name := name_from(request))), "")
    first = next(iter(brief.draft.entities.values()))
    name = label_of(derived or plural(first.noun))
    brief.draft.note(Piece(name, 0), Reading.ASSUMED, f"the application is called {quoted(name)}")
    return name


def _check_text(text: str, name: str) -> None:
    hint = "say what the application keeps and who may do what, in a few sentences"
    if not text.strip("\ufeff \t\r\n"):
        raise GoalError("the goal is empty", [Problem(f"{name}:1:1", "nothing is written here", hint)])
    odd = _BINARY.search(text)
    if odd and ("\0" in text or len(_BINARY.findall(text)) > len(text) * _MOST_ODD_CHARACTERS):
        line = text.count("\n", 0, odd.start()) + 1
        column = odd.start() - text.rfind("\n", 0, odd.start())
        problem = Problem(f"{name}:{line}:{column}", f"the character U+{ord(odd[0]):04X} is no text", hint)
        raise GoalError("the goal is binary", [problem])


def understanding_of(model: AppModel, *, canonical: bool = False) -> Understanding:
    """Return the understanding of a model that needs no interpretation."""
    return Understanding(
        recipe=RECIPE,
        title=model.name,
        document=dump(model),
        document_name=DOCUMENT_NAME,
        canonical=canonical,
        summary=summary_of(model),
    )


def summary_of(model: AppModel) -> tuple[str, ...]:
    """Return a line per entity, the roles, and the seed."""
    lines: list[str] = []
    for name, entity in model.entities.items():
        links = [f"{key} → {relation.to}" for key, relation in entity.relations.items()]
        lines.append(f"{name}: {', '.join([*entity.fields, *links])}")
    if model.roles:
        lines.append(f"roles: {', '.join(model.roles)}")
    rows = sum(map(len, model.seed.rows.values()))
    if rows or model.seed.users:
        lines.append(f"seed: {len(model.seed.users)} accounts, {rows} rows")
    return tuple(lines)
