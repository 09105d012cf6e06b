"""Has tools look at a project before and after, and tells what is new; a tool that cannot look is told as not run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from astrolabe.sdk import (
    LARGEST_LOCK_BYTES,
    AgentFailedError,
    Analyser,
    AstrolabeError,
    Finding,
    Level,
    Listing,
    Part,
    Task,
    Workbench,
    analysers,
    bill_of,
    compared,
    licences_of,
    listing_of,
    lock_files,
    parts_of,
    read_findings,
    sarif_of,
    told_once,
)

_MOST_SHARED = 300
_SHOWN = 10


class Demand(StrEnum):
    """Which findings fail the task."""

    NO_NEW = "no-new-errors"
    NONE = "no-errors"
    NOTHING = "nothing"


class AnalysisInputs(BaseModel, extra="forbid"):
    """What a task of this agent is given."""

    demand: Demand = Field(
        default=Demand.NO_NEW,
        description="what fails the task: `no-new-errors` since the run began, `no-errors` at all, or `nothing`, to learn "
        "how things stand",
    )
    sarif: str = Field(
        default="", description="where to write the findings as SARIF 2.1.0; one of the task's `writes`"
    )
    bill: str = Field(
        default="", description="where to write the CycloneDX bill of materials; one of the task's `writes`"
    )
    timeout_seconds: float = Field(default=600, gt=0, description="for each tool")


@dataclass(frozen=True)
class Looked:
    """What one tool found; `fault` says why it could not look."""

    analyser: Analyser
    findings: tuple[Finding, ...] = ()
    fault: str = ""


class AnalysisAgent:
    """Lint, types, security and complexity by the tools a project has, licences and a bill of materials from its locks."""

    name = "analysis"
    version = "1"
    purpose = (
        "Looks at code with the ecosystem's own tools (ruff, mypy, ESLint, tsc) and tells new findings from old, as SARIF; "
        "lists dependencies and their licences. Changes no code."
    )
    inputs = AnalysisInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Share the findings under `analysis/<task>`; a finding that counts fails the task."""
        asked = AnalysisInputs.model_validate(task.inputs)
        listing = await _with_locks(bench, await listing_of(bench))
        fit, unfit = analysers(listing)
        looked = _once([await _looked(bench, one, asked.timeout_seconds) for one in fit])
        parts = parts_of(listing)
        document: dict[str, Any] = _document(looked, parts) | {
            "not_run": [{"tool": one.name, "reason": one.reason} for one in unfit]
            + [{"tool": one.analyser.name, "reason": one.fault} for one in looked if one.fault]
        }
        await bench.context.set(f"analysis/{task.id}", document)
        await bench.write(_papers(asked, looked, parts))
        for line in _summary(document, looked):
            bench.say(line)
        _judge(asked.demand, looked)


async def _with_locks(bench: Workbench, listing: Listing) -> Listing:
    texts = dict(listing.texts)
    for path in lock_files(listing.paths):
        content = await bench.read(path)
        if len(content) <= LARGEST_LOCK_BYTES:
            texts[path] = content.decode("utf-8", "replace")
    return Listing(listing.paths, texts)


async def _looked(bench: Workbench, analyser: Analyser, seconds: float) -> Looked:
    """Have a tool look at the present tree, and at the one from before where it found something."""
    try:
        now, fault = await _findings(bench, analyser, seconds, before=False)
        if fault or not now:
            return Looked(analyser, now, fault)
        before, unknown = await _findings(bench, analyser, seconds, before=True)
    except AstrolabeError as error:
        return Looked(analyser, (), f"{error.message} {error.hint}".strip())
    return Looked(analyser, now if unknown else compared(now, before))


async def _findings(
    bench: Workbench, analyser: Analyser, seconds: float, *, before: bool
) -> tuple[tuple[Finding, ...], str]:
    done = await bench.try_out(
        analyser.command, timeout_seconds=seconds, environment=analyser.environment, before=before
    )
    if done.timed_out:
        return (), f"it still ran after {seconds:g} s"
    if done.exit_code not in analyser.good_codes:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        return (), f"it ended with code {done.exit_code}: {' / '.join(said)[-400:]}"
    return read_findings(analyser.name, analyser.form, done.stdout, analyser.folder)


def _once(looked: Sequence[Looked]) -> list[Looked]:
    """Leave each tool what no tool before it has told."""
    kept = {id(one) for one in told_once([one for each in looked for one in each.findings])}
    return [replace(each, findings=tuple(one for one in each.findings if id(one) in kept)) for each in looked]


def _document(looked: Sequence[Looked], parts: Sequence[Part]) -> dict[str, Any]:
    findings = [one for each in looked for one in each.findings]
    ordered = sorted(
        findings, key=lambda one: (one.new is False, one.level is not Level.ERROR, one.path, one.line)
    )
    return {
        "v": 1,
        "tools": [
            {
                "tool": one.analyser.name,
                "about": one.analyser.about,
                "findings": len(one.findings),
                "new": _new(one),
            }
            for one in looked
            if not one.fault
        ],
        "findings": [one.model_dump(mode="json") for one in ordered[:_MOST_SHARED]],
        "total": len(findings),
        "dependencies": len(parts),
        "licences": dict(list(licences_of(parts).items())[:_MOST_SHARED]),
    }


def _new(looked: Looked) -> int:
    return sum(one.new is not False for one in looked.findings)


def _papers(asked: AnalysisInputs, looked: Sequence[Looked], parts: tuple[Part, ...]) -> dict[str, str]:
    papers: dict[str, str] = {}
    if asked.sarif:
        tools = {one.analyser.name: "" for one in looked if not one.fault}
        findings = [one for each in looked for one in each.findings]
        papers[asked.sarif] = json.dumps(sarif_of(tools, findings), indent=1) + "\n"
    if asked.bill:
        papers[asked.bill] = json.dumps(bill_of(parts), indent=1) + "\n"
    return papers


def _summary(document: dict[str, Any], looked: Sequence[Looked]) -> list[str]:
    lines = [
        f"{one['tool']} ({one['about']}): {one['findings']} findings, {one['new']} new"
        for one in document["tools"]
    ]
    lines += [f"{one['tool']}: not run, {one['reason']}" for one in document["not_run"]]
    fresh = [one for each in looked for one in each.findings if one.new is not False]
    return lines + [f"  {_told(one)}" for one in fresh[:_SHOWN]]


def _told(one: Finding) -> str:
    return f"{one.path}:{one.line}: {one.message} [{one.rule}]"


def _judge(demand: Demand, looked: Sequence[Looked]) -> None:
    """Raise AgentFailedError when something was found that must not be there."""
    errors = [one for each in looked for one in each.findings if one.level is Level.ERROR]
    counting = {
        Demand.NOTHING: [],
        Demand.NONE: errors,
        Demand.NO_NEW: [one for one in errors if one.new is not False],
    }[demand]
    if counting:
        named = "; ".join(map(_told, counting[:5]))
        raise AgentFailedError(f"{len(counting)} findings that must not be there: {named}")
