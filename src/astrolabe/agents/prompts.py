"""Prompts as versioned files: read from beside their agent, and dealt out among the variants that are tried."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import Field, ValidationError

from astrolabe.domain.value import Value
from astrolabe.errors import InputError, MissingError, Problem

FOLDER = "prompts"
PROMPT = "prompt"
"""The kind of step that a choice is recorded as."""
_FRONT = re.compile(r"---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([a-z]+):[ \t]*(.*?)[ \t]*\Z")
_GAP = re.compile(r"\{\{ *([a-z][a-z0-9_]*) *\}\}")
_WORD = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


class Prompt(Value):
    """One wording of what an agent is told. `digest` is SHA-256 of `text`, whose gaps are written `{{ goal }}`.

    Prompts of one name are variants of each other: of all that are dealt out, each gets its `weight`'s share; 0: none.
    """

    name: str = Field(pattern=_WORD)
    variant: str = Field(default="main", pattern=_WORD)
    version: int = Field(ge=1)
    weight: int = Field(default=1, ge=0, le=1000)
    text: str = Field(min_length=1)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def gaps(self) -> frozenset[str]:
        """The names of what is to be filled in."""
        return frozenset(_GAP.findall(self.text))

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the text with each gap filled; what is filled in is not looked through for gaps again.

        Raises:
            InputError: it has a gap that `values` does not name.
        """
        if missing := self.gaps - values.keys():
            problems = [
                Problem(f"{self.name}.{self.variant}", f"nothing fills {{{{ {gap} }}}}")
                for gap in sorted(missing)
            ]
            raise InputError(f"the prompt {self.name!r} cannot be filled in", problems)
        return _GAP.sub(lambda gap: values[gap[1]], self.text)


def load_prompts(package: str) -> tuple[Prompt, ...]:
    """Return the prompts in the folder `prompts` of a package, by name and variant: one Markdown file each.

    A file begins with `name`, `variant` (`main` if absent), `version` and `weight` (1 if absent) between two lines `---`.

    Raises:
        MissingError: the package has no prompts.
        InputError: files are no prompts, or two are the same variant; all problems, each with its place.
    """
    folder = files(package) / FOLDER
    found = sorted(
        (file for file in _within(folder) if file.name.endswith(".md")), key=lambda file: file.name
    )
    if not found:
        raise MissingError(f"{package} has no folder {FOLDER!r} with Markdown files in it")
    prompts: dict[tuple[str, str], Prompt] = {}
    problems: list[Problem] = []
    for file in found:
        try:
            prompt = read_prompt(file.read_text(encoding="utf-8"), file.name)
        except InputError as fault:
            problems.extend(fault.problems)
            continue
        if prompts.setdefault((prompt.name, prompt.variant), prompt) is not prompt:
            problems.append(Problem(file.name, f"is a second variant {prompt.variant!r} of {prompt.name!r}"))
    if problems:
        raise InputError(f"the prompts of {package} cannot be used", problems)
    return tuple(prompts[key] for key in sorted(prompts))


def read_prompt(content: str, name: str) -> Prompt:
    """Return the prompt in a file called `name`; InputError with every problem of it."""
    content = content.replace("\r\n", "\n")
    front = _FRONT.match(content)
    if front is None:
        raise _unusable(
            [
                Problem(
                    f"{name}:1:1",
                    "does not begin with what it is",
                    "write `name`, `version` between two lines ---",
                )
            ]
        )
    fields: dict[str, Any] = {"text": content[front.end() :].strip()}
    problems = list(_read_front(front[1], name, fields))
    try:
        prompt = Prompt.model_validate(fields)
    except ValidationError as invalid:
        problems += [
            Problem(f"{name} {'.'.join(map(str, fault['loc']))}", fault["msg"]) for fault in invalid.errors()
        ]
        raise _unusable(problems) from invalid
    if problems:
        raise _unusable(problems)
    return prompt


def variants(prompts: Sequence[Prompt], name: str) -> tuple[Prompt, ...]:
    """Return the prompts of that name; MissingError if there is none."""
    found = tuple(prompt for prompt in prompts if prompt.name == name)
    if not found:
        known = ", ".join(sorted({prompt.name for prompt in prompts})) or "none"
        raise MissingError(f"there is no prompt {name!r}", hint=f"There are: {known}.")
    return found


def choose(prompts: Sequence[Prompt], key: str) -> Prompt:
    """Return the variant that `key` - a run and its task - gets, by weight; always the same for the same prompts.

    Raises:
        InputError: `prompts` are not variants of one prompt, or none of them has a weight.
    """
    ordered = sorted(prompts, key=lambda prompt: prompt.variant)
    total = sum(prompt.weight for prompt in ordered)
    if len({prompt.name for prompt in ordered}) != 1 or total == 0:
        raise InputError("only the variants of one prompt, one of them with a weight, can be chosen from")
    drawn = hashlib.sha256(f"{ordered[0].name}/{key}".encode()).digest()
    left = int.from_bytes(drawn) % total
    for prompt in ordered:
        left -= prompt.weight
        if left < 0:
            return prompt
    raise AssertionError("the weights add up to their sum")


def _within(folder: Traversable) -> list[Traversable]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _read_front(front: str, name: str, fields: dict[str, Any]) -> Iterator[Problem]:
    for number, line in enumerate(front.splitlines(), start=2):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.match(line)
        key = found[1] if found else ""
        if found is None or key not in {"name", "variant", "version", "weight"}:
            yield Problem(f"{name}:{number}:1", f"{line.strip()[:60]!r} says nothing about a prompt")
        elif key in fields:
            yield Problem(f"{name}:{number}:1", f"{key!r} a second time")
        else:
            fields[key] = found[2]


def _unusable(problems: Sequence[Problem]) -> InputError:
    return InputError("the file is no prompt", problems)
