"""What a review comes to."""

from enum import StrEnum

from pydantic import Field, field_validator

from astrolabe.sdk import Arguments, Desk, InputError, MissingError, Problem, Tool

_ASKED_FOR = 10
"""Findings; a model that has more to say is heard."""


class Severity(StrEnum):
    """BLOCKER: it does not do what was asked, or breaks something. MAJOR: it must be mended first. MINOR: it may stay."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"


class Finding(Arguments):
    """One thing wrong, where it is, and what shows it."""

    file: str = Field(description="A file of the workspace.")
    line: int = Field(ge=1, description="The line it is about.")
    severity: Severity
    text: str = Field(
        min_length=1,
        max_length=1000,
        description="What is wrong, what shows it, what to do.",
        json_schema_extra={"maxLength": 400},
    )

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity.value}: {self.text}"


class Verdict(Arguments):
    """What `verdict` takes."""

    summary: str = Field(
        min_length=1,
        max_length=2000,
        description="What was looked at, and how it was judged.",
        json_schema_extra={"maxLength": 600},
    )
    verdict: str = Field(
        description="pass, or changes if something must be mended first.",
        json_schema_extra={"enum": ["pass", "changes"]},
    )
    findings: tuple[Finding, ...] = Field(
        default=(), max_length=50, json_schema_extra={"maxItems": _ASKED_FOR}
    )

    @field_validator("verdict")
    @classmethod
    def _one_of_two(cls, word: str) -> str:
        if word not in {"pass", "changes"}:
            raise ValueError("is pass or changes")
        return word

    @property
    def passes(self) -> bool:
        """Whether nothing must be mended."""
        return self.verdict == "pass"

    @property
    def grave(self) -> tuple[Finding, ...]:
        """What must be mended."""
        return tuple(one for one in self.findings if one.severity is not Severity.MINOR)


async def _verdict(given: Verdict, desk: Desk) -> str:
    """Accept a verdict that its findings bear out, and findings about what is there."""
    problems = [problem for finding in given.findings if (problem := await _fault(finding, desk))]
    if problems:
        raise InputError(
            "findings must be about what is there", problems, hint="Look again, and name file and line."
        )
    if given.passes and given.grave:
        raise InputError(
            "it cannot pass with a blocker or major finding", hint="Say changes, or make them minor."
        )
    if not given.passes and not given.grave:
        raise InputError(
            "changes are asked for without a blocker or major finding",
            hint="Say which place must be mended, or pass.",
        )
    return "The verdict is taken."


async def _fault(finding: Finding, desk: Desk) -> Problem | None:
    try:
        content = await desk.bench.read(finding.file)
    except MissingError:
        return Problem(finding.file, "is not in the workspace")
    lines = max(1, len(content.splitlines()))
    if finding.line > lines:
        return Problem(f"{finding.file}:{finding.line}", f"the file has {lines} lines")
    return None


VERDICT = Tool(
    "verdict", "Give the verdict; it ends the review.", Verdict, _verdict, foreign=False, ends=True
)
