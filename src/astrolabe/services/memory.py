"""What edges do with memory: add to it, search it, list what is in it, and forget."""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from astrolabe.agents.memory import check_note, index_tree
from astrolabe.domain.memory import Document, Indexed, Origin, Recalled, Source
from astrolabe.domain.paths import covered, path_fault
from astrolabe.errors import InputError, MissingError, Problem, TargetError
from astrolabe.memory.home import Told
from astrolabe.ports.memory import Remembering
from astrolabe.ports.workspace import TargetKind
from astrolabe.services.installation import Installation


async def project_of(installation: Installation, folder: Path) -> str:
    """Return the project that a folder is, or lies in.

    Raises:
        TargetError: there is no such folder.
    """
    target = await installation.workspace(folder).inspect()
    if target.kind in {TargetKind.MISSING, TargetKind.FILE}:
        raise TargetError(f"{folder} is no folder", [Problem(str(folder), "is no folder", "name a project")])
    return str(target.repository or target.path)


async def add_documents(installation: Installation, folder: Path, patterns: Sequence[str]) -> Indexed:
    """Remember the documents of a repository's newest commit that `patterns` cover, all without any, and its past runs.

    Raises:
        InputError: a pattern is wrong.
        TargetError: nothing is committed there.
        MissingError: no file of the commit is covered.
        UnavailableError: what it takes is not installed.
    """
    faults = [
        Problem(pattern, fault, "name a path of it") for pattern in patterns if (fault := path_fault(pattern))
    ]
    if faults:
        raise InputError("these paths cannot be in a repository", faults)
    project = await project_of(installation, folder)
    workspace = installation.workspace(Path(project))
    head = await workspace.start()
    if head is None:
        problem = Problem(project, "has no commit", "commit what is to be remembered: nothing else is read")
        raise TargetError("there are no documents to remember", [problem])
    tree = await workspace.tree_of(head)
    if patterns and not await workspace.paths(tree, tuple(patterns)):
        raise MissingError(f"the newest commit has no {', '.join(patterns)}")
    indexed = await index_tree(installation.memory, project, workspace, tree, patterns)
    await installation.memory.remember_runs(project)
    return indexed


async def add_note(installation: Installation, folder: Path, text: str, title: str) -> str:
    """Remember a note; return its name. Raises InputError when it cannot be one."""
    check_note(text)
    name = installation.determinism.new_id()
    document = Document(name, text, title, Origin.NOTE)
    await _remember(installation, await project_of(installation, folder), document)
    return name


async def search(installation: Installation, folder: Path, question: str, most: int) -> Recalled:
    """Recall what fits a question; raises as `MemoryHome.recall` does."""
    project = await project_of(installation, folder)
    await installation.memory.remember_runs(project)
    return await installation.memory.recall(project, question, most)


async def remembered(installation: Installation, folder: Path) -> tuple[str, tuple[Source, ...]]:
    """Return a project, and what is remembered of it."""
    project = await project_of(installation, folder)
    return project, await installation.memory.records.sources(project)


async def projects(installation: Installation) -> tuple[Remembering, ...]:
    """Return every project that something is remembered of."""
    return await installation.memory.records.projects()


async def forget(installation: Installation, project: str, names: Sequence[str], before: float | None) -> int:
    """Forget what is named (a pattern of paths, a note, a run), or all; of those, only what was kept before a time.

    Raises:
        MissingError: nothing of that name is remembered; nothing was forgotten.
    """
    sources = await installation.memory.records.sources(project)
    for name in names:
        if not any(_named((name,), source) for source in sources):
            raise MissingError(f"nothing is remembered of {name!r}", hint="See: astrolabe memory list")
    return await installation.memory.forget(project, _chosen(tuple(names), before))


def _chosen(names: tuple[str, ...], before: float | None) -> Callable[[Source], bool]:
    return lambda source: (not names or _named(names, source)) and (before is None or source.at < before)


def _named(names: tuple[str, ...], source: Source) -> bool:
    return source.name in names or (source.origin is Origin.DOCUMENT and covered(names, source.name))


async def _remember(installation: Installation, project: str, document: Document) -> Told:
    async def only() -> AsyncIterator[Document]:
        yield document

    return await installation.memory.remember(project, only())
