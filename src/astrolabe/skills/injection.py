"""What a model is told of skills: the instructions of those that fit its task, and that there are others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from astrolabe.domain.skill import Skill
from astrolabe.errors import MissingError
from astrolabe.skills.matching import Match

MOST_BODIES = 3
"""Skills whose instructions are told at once: more of them distract more than they help."""
_TOLD = "Skills: instructions for work like this. Follow them where they fit; what the task says counts over them."
_OTHERS = "More skills; load one with the tool `skill` before work of its kind:"


@dataclass(frozen=True)
class Injected:
    """A text to be kept before a model for a whole conversation, compaction or not.

    `names` are the skills whose instructions are in it, the best first, `listed` those it only names. `tokens` is its length.
    """

    names: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    text: str = ""
    tokens: int = 0


def inject(
    matches: Sequence[Match], skills: Sequence[Skill], most_tokens: int, count: Callable[[str], int]
) -> Injected:
    """Return what fits into `most_tokens`, as `count` counts them, of the skills there are.

    Instructions come whole, those of the best match first, or not at all: then the skill is listed by name and description
    like the rest, of which as many are listed as fit.
    """
    draft = _Draft(most_tokens, count)
    bodies = [match.skill for match in matches if match.related and match.skill.body]
    told = [skill for skill in bodies[:MOST_BODIES] if draft.add(_instructions(skill), under=_TOLD)]
    ranked = [match.skill for match in matches]
    names = {skill.name for skill in ranked}
    rest = (*ranked, *sorted((one for one in skills if one.name not in names), key=lambda one: one.name))
    others = [skill for skill in rest if skill not in told]
    listed = [skill for skill in others if draft.add(f"- {skill.name}: {skill.description}", under=_OTHERS)]
    return Injected(
        tuple(skill.name for skill in told),
        tuple(skill.name for skill in listed),
        draft.text,
        count(draft.text),
    )


class _Draft:
    """A text that takes in whole parts as long as they fit; a heading comes with the first part below it."""

    def __init__(self, most_tokens: int, count: Callable[[str], int]) -> None:
        self.text = ""
        self._most = most_tokens
        self._count = count
        self._headings: set[str] = set()
        self._full = False

    def add(self, part: str, under: str) -> bool:
        if self._full:
            return False
        fresh = under not in self._headings
        before = f"{self.text}\n\n{under}" if fresh and self.text else under if fresh else self.text
        longer = f"{before}\n{part}"
        if self._count(longer) > self._most:
            self._full = part.startswith("- ")
            return False
        self.text = longer
        self._headings.add(under)
        return True


def _instructions(skill: Skill) -> str:
    files = (
        f"\nIts files, read with the tool `skill`: {', '.join(sorted(skill.files))}" if skill.files else ""
    )
    return f"<skill {skill.name}>\n{skill.body}{files}\n</skill {skill.name}>"


def loaded(skill: Skill, path: str) -> str:
    """Return what a model gets that asks for a skill: its instructions, or the file of it at `path`.

    Raises:
        MissingError: there is no such file in it.
    """
    return _instructions(skill) if not path else _text_of(skill, path)


def _text_of(skill: Skill, path: str) -> str:
    """Return a file as it was read with the skill: nothing but its own files can be named."""
    data = skill.files.get(path.removeprefix("./"))
    if data is None:
        known = ", ".join(sorted(skill.files)) or "none"
        raise MissingError(f"the skill {skill.name!r} has no file {path!r}", hint=f"It has: {known}.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"[{path} is no text: {len(data):,} bytes]"
