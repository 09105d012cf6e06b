"""What a task changed is looked through for secrets before it is checked and committed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from astrolabe.domain.paths import covered
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.domain.secrets.scanning import line_of
from astrolabe.engine.floor import Floor
from astrolabe.errors import SecretFoundError
from astrolabe.ports.sandbox import FileEntry

_FEW_FILES = 20
_MOST_TOLD = 20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class _Found:
    """A secret in a file; `value` is looked for elsewhere, and never told."""

    path: str
    line: int
    rule: str
    value: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} ({self.rule})"


async def refuse_secrets(floor: Floor, task: str, before: str, after: str) -> None:
    """Look through what a task made of the tree `before`; what stood in that already may stay, and be moved about.

    Raises:
        SecretFoundError: a file that it added or changed holds a secret. Says where, and of which kind.
    """
    if before == after:
        return
    changed = await floor.workspace.difference(before, after)
    paths = [path for path in changed if not covered(floor.secrets_allowed_in, path)]
    found = [
        one for entry in await _entries(floor, after, paths) for one in _secrets_in(floor.redactor, entry)
    ]
    if found and (new := await _new(floor, before, found)):
        raise _refusal(task, new)


async def _entries(floor: Floor, tree: str, paths: Sequence[str]) -> Iterable[FileEntry]:
    if not paths:
        return ()
    wanted = frozenset(paths)
    entries = await floor.workspace.files(tree, tuple(paths) if len(paths) <= _FEW_FILES else ())
    return [entry for entry in entries if entry.path in wanted]


def _secrets_in(redactor: Redactor, entry: FileEntry) -> Iterable[_Found]:
    text = _text(entry.content)
    for finding in redactor.findings(text):
        yield _Found(entry.path, line_of(text, finding), finding.rule, text[finding.start : finding.end])


def _text(content: bytes) -> str:
    return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8", "replace")


async def _new(floor: Floor, before: str, found: Sequence[_Found]) -> list[_Found]:
    """Return those secrets that stood nowhere in the tree that a task began with."""
    values = {one.value for one in found}
    for entry in await floor.workspace.files(before):
        text = _text(entry.content)
        values -= {value for value in values if value in text}
    return [one for one in found if one.value in values]


def _refusal(task: str, found: Sequence[_Found]) -> SecretFoundError:
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    places = ", ".join(map(str, found[:_MOST_TOLD]))
    return SecretFoundError(
        f"{task!r} would commit {'a secret' if len(found) == 1 else 'secrets'}: {places}{more}",
        hint="Read it from the environment instead, or have the operator allow the path: ASTROLABE_ENGINE__SECRETS_ALLOWED_IN.",
    )
