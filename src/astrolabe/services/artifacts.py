"""What the checks of a run left: the files they produced, and what they printed."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from astrolabe.domain.evidence import Evidence
from astrolabe.domain.paths import path_fault
from astrolabe.domain.plan import ref_name
from astrolabe.errors import InputError, MissingError
from astrolabe.planning.visible import shows, visible
from astrolabe.services.export import Export
from astrolabe.services.installation import Installation
from astrolabe.services.runs import RunView

OUTPUT, PRODUCED = "output", "produced"
_LONGEST_PART_BYTES = 120


@dataclass(frozen=True)
class CheckResult:
    """The newest evidence of a check; two tasks may have checks of the same name."""

    task: str
    evidence: Evidence


@dataclass(frozen=True)
class Kept:
    """One kept file. `file` is its name in an export, `path` what the check called it (empty for its output)."""

    task: str
    check: str
    kind: str
    path: str
    file: str
    size_bytes: int
    digest: str


def checks_of(view: RunView, task: str | None = None, check: str | None = None) -> tuple[CheckResult, ...]:
    """Return the checks that ran, in the plan's order, those of a task or of a name only when they are given.

    Raises:
        MissingError: the run has no such task, or no such check has run; names those there are.
    """
    if task is not None and task not in view.state.tasks:
        raise MissingError(
            f"run {view.record.id} has no task {visible(task, 80)!r}",
            hint=_there_are("tasks", view.state.tasks),
        )
    ran = _newest(view)
    found = tuple(
        r for r in ran if task in {None, r.task} and (check is None or _is_called(check, r.evidence.check))
    )
    if check is not None and not found:
        names = [r.evidence.check for r in ran if task in {None, r.task}]
        where = f"run {view.record.id}" if task is None else f"task {visible(task, 80)!r}"
        raise MissingError(
            f"no check called {visible(check, 80)!r} has run in {where}", hint=_there_are("checks", names)
        )
    return found


def _is_called(wanted: str, name: str) -> bool:
    return wanted in {name, typeable(name)} or wanted.casefold() == name.casefold()


def typeable(check: str) -> str:
    """Return what a check can be called on a command line: its name, or what stands for one nobody can type."""
    return check if all(map(shows, check)) else _slug(check)


def _there_are(what: str, names: Iterable[str]) -> str:
    known = ", ".join(f"'{visible(name, 60)}'" for name in dict.fromkeys(names))
    return f"Its {what}: {known}." if known else f"None of its {what} has run yet."


def _newest(view: RunView) -> list[CheckResult]:
    newest: dict[tuple[str, str], CheckResult] = {}
    for task in view.plan.tasks:
        for evidence in view.state.tasks[task.id].evidence:
            newest[task.id, evidence.check] = CheckResult(task.id, evidence)
    return list(newest.values())


async def output_of(
    installation: Installation, view: RunView, check: str, task: str | None
) -> tuple[CheckResult, str]:
    """Return a check, and all that it printed when it last ran.

    Raises:
        MissingError: it has not run.
        InputError: several tasks have a check of that name.
    """
    found = checks_of(view, task, check)
    exact = [result for result in found if result.evidence.check == check] or list(found)
    if len(exact) > 1:
        tasks = ", ".join(visible(result.task, 60) for result in exact)
        raise InputError(
            f"{len(exact)} tasks have a check called {visible(check, 80)!r}: {tasks}",
            hint="Say which with --task.",
        )
    (result,) = exact
    digest = result.evidence.output_digest
    if digest is None:
        reason = visible(result.evidence.reason, 400)
        raise MissingError(f"the check {visible(check, 80)!r} printed nothing: it could not run ({reason})")
    printed = (await installation.store.blob(digest)).decode(errors="replace")
    return result, installation.redactor.redacted(printed)


async def list_artifacts(installation: Installation, results: Sequence[CheckResult]) -> tuple[Kept, ...]:
    """Return what the checks produced and printed, with names under which all of it can lie in one folder."""
    kept: list[Kept] = []
    for result, folder in zip(results, _folders(results), strict=True):
        task, evidence = result.task, result.evidence
        for artifact in evidence.artifacts:
            file = f"{folder}/{safe_path(artifact.path)}"
            kept.append(
                Kept(
                    task, evidence.check, PRODUCED, artifact.path, file, artifact.size_bytes, artifact.digest
                )
            )
        if evidence.output_digest is not None:
            size = len(await installation.store.blob(evidence.output_digest))
            kept.append(Kept(task, evidence.check, OUTPUT, "", f"{folder}.log", size, evidence.output_digest))
    return tuple(kept)


async def export_artifacts(installation: Installation, kept: Sequence[Kept], export: Export) -> None:
    """Write kept files into a folder; see `Export` for what it refuses."""
    export.must_be_free([item.file for item in kept])
    for item in kept:
        export.write(item.file, await installation.store.blob(item.digest))


async def export_files(
    installation: Installation, view: RunView, task: str | None, export: Export
) -> tuple[str, list[str]]:
    """Write the files of a run as a task left them, or its result; return the tree they are of, and their names.

    Without a task a run that failed gives what the last task worked on had left when its checks failed.

    Raises:
        MissingError: there is no such task, or it has left nothing yet; or the workspace's clone is gone.
        InputError: something is in the way; nothing was written.
    """
    workspace = installation.workspace(Path(view.record.target))
    tree = (
        await workspace.tree_of(view.state.commit)
        if task is None and view.state.commit
        else _worked(view, task)
    )
    entries = await workspace.files(tree)
    export.must_be_free([entry.path for entry in entries])
    for entry in entries:
        export.write(entry.path, entry.content, entry.mode)
    return tree, [entry.path for entry in entries]


def _worked(view: RunView, task: str | None) -> str:
    checks_of(view, task)
    names = [item.id for item in view.plan.tasks if task in {None, item.id}]
    worked = [
        (state.attempts[-1].started_at, state.worked_tree)
        for state in map(view.state.tasks.__getitem__, names)
        if state.worked_tree
    ]
    if not worked:
        who = "no task" if task is None else f"task {visible(task, 80)!r}"
        raise MissingError(f"{who} of run {view.record.id} has left files yet")
    return max(worked)[1]


def _folders(results: Sequence[CheckResult]) -> list[str]:
    """Name each check's folder after it, and after its task too where names would be the same."""
    slugs = [_slug(result.evidence.check) for result in results]
    counts = Counter(slugs)
    named = [
        slug if counts[slug] == 1 else f"{ref_name(result.task)}-{slug}"
        for slug, result in zip(slugs, results, strict=True)
    ]
    counts = Counter(named)
    return [
        name if counts[name] == 1 else f"{name}-{_digest(f'{result.task}/{result.evidence.check}')}"
        for name, result in zip(named, results, strict=True)
    ]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-") or f"check-{_digest(name)}"


def safe_path(path: str) -> str:
    """Return a path as it is if it is one a workspace may have, else one that stays inside and shows what it is."""
    if path_fault(path) is None and all(map(_is_safe, path.split("/"))):
        return path.rstrip("/")
    parts = ["".join(c if shows(c) else "_" for c in part)[:40] for part in path.split("/")]
    kept = [part for part in parts if part.strip(". _") and part.lower() != ".git"]
    return "/".join([*kept[:-1], f"{_digest(path)}-{kept[-1]}" if kept else _digest(path)])


def _is_safe(part: str) -> bool:
    return all(map(shows, part)) and len(part.encode(errors="replace")) <= _LONGEST_PART_BYTES


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
