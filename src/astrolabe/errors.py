"""Every error raised on purpose.

AstrolabeError
├── InputError                the caller can fix it; carries every problem found, each with its place
│   ├── PlanValidationError   a plan that must not run
│   ├── GoalError             a goal no recipe can read, or that contradicts itself
│   ├── SettingsError         a setting, environment variable or configuration file is wrong
│   ├── TargetError           the place the result should go to cannot take it
│   └── NoModelError          it takes a language model, and none is set up
├── RefusedError              doing it would be unsafe
│   ├── SandboxUnavailableError  nothing here can isolate foreign code
│   ├── OfflineError          it needs the network, and this installation works offline
│   ├── PolicyViolationError  a task changed or asked for more than it declared
│   ├── SecretFoundError      what a task made holds a secret
│   ├── ProofLostError        a task took away the tests that were to prove it
│   └── OverBudgetError       a limit on what may be spent is reached
├── MissingError              no such run, task, agent or file
├── ConflictError             somebody else got there first
│   ├── LeaseLostError        another process now owns the run
│   ├── UndrivenError         nothing drives the run at present
│   └── MergeConflictError    two changes touch the same lines
├── UnavailableError          try again later: registry, disk, database
│   ├── AgentFailedError      an agent could not do its task this time
│   ├── SandboxLostError      a sandbox was killed while something ran in it
│   ├── FetchError            a package could not be fetched, or was not the one that was pinned
│   ├── ModelError            a language model did not answer
│   │   ├── ModelBusyError        it may later: overloaded, out of reach, too many requests
│   │   ├── ModelKeyError         its key is missing, wrong, or may not do this
│   │   ├── ModelRequestError     it does not take such a question: unknown model, no tools
│   │   └── WindowExceededError   the question is longer than it can read
│   └── StorageError          the state on disk cannot be read or written
├── DeadlineError             it took longer than allowed
└── BugError                  our own fault
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What can be done about an error; each edge translates it once."""

    USAGE = "usage"
    REFUSED = "refused"
    MISSING = "missing"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    BUG = "bug"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    `place` is what a person can find again: `tasks[2].depends_on[0]`, or `bookmarks.yaml:12:5` (line and
    column count from 1).
    """

    place: str
    text: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" + (f" ({self.hint})" if self.hint else "")


def without_extra(name: str) -> str:
    """Return what to do where an optional part of the installation is needed and not there."""
    return f"Install Astrolabe with its extra `{name}` (in a checkout, once: ASTROLABE_EXTRAS={name} ./astrolabe doctor)"


class AstrolabeError(Exception):
    """Root of the tree; caught at an edge, never in the middle.

    `code` is stable and may be matched by programs; `hint` says what to do next.
    """

    kind: ClassVar[Kind] = Kind.BUG
    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class InputError(AstrolabeError):
    """The caller's input is wrong; `problems` names every fault found in it."""

    kind = Kind.USAGE
    code = "input-invalid"

    def __init__(self, message: str, problems: Iterable[Problem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {problem}" for problem in self.problems)])


class PlanValidationError(InputError):
    code = "plan-invalid"


class GoalError(InputError):
    code = "goal-invalid"


class SettingsError(InputError):
    code = "settings-invalid"


class TargetError(InputError):
    code = "target-invalid"


class NoModelError(InputError):
    code = "no-model"


class RefusedError(AstrolabeError):
    kind = Kind.REFUSED
    code = "refused"


class SandboxUnavailableError(RefusedError):
    code = "sandbox-unavailable"


class OfflineError(RefusedError):
    code = "offline"


class PolicyViolationError(RefusedError):
    code = "policy-violated"


class SecretFoundError(RefusedError):
    code = "secret-found"


class ProofLostError(RefusedError):
    code = "proof-lost"


class OverBudgetError(RefusedError):
    """`scope` tells whose limit it is: `task`, `run` or `tenant`."""

    code = "over-budget"

    def __init__(self, message: str, scope: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.scope = scope


class MissingError(AstrolabeError):
    kind = Kind.MISSING
    code = "missing"


class ConflictError(AstrolabeError):
    kind = Kind.CONFLICT
    code = "conflict"


class LeaseLostError(ConflictError):
    code = "lease-lost"


class UndrivenError(ConflictError):
    code = "undriven"


class MergeConflictError(ConflictError):
    """`paths` are those with conflicting lines, relative to the workspace."""

    code = "merge-conflict"

    def __init__(self, message: str, paths: Iterable[str], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.paths = tuple(paths)


class UnavailableError(AstrolabeError):
    kind = Kind.UNAVAILABLE
    code = "unavailable"


class AgentFailedError(UnavailableError):
    """Raised by agents; another attempt is made if the task has retries left."""

    code = "agent-failed"


class SandboxLostError(UnavailableError):
    """What ran is gone with it; another attempt gets another sandbox."""

    code = "sandbox-lost"


class FetchError(UnavailableError):
    code = "fetch-failed"


class ModelError(UnavailableError):
    """`retry_after_seconds` is what the provider asked for; None where it said nothing."""

    code = "model-failed"

    def __init__(self, message: str, *, hint: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class ModelBusyError(ModelError):
    code = "model-busy"


class ModelKeyError(ModelError):
    code = "model-key"


class ModelRequestError(ModelError):
    code = "model-request"


class WindowExceededError(ModelError):
    code = "window-exceeded"


class StorageError(UnavailableError):
    code = "storage-failed"


class DeadlineError(AstrolabeError):
    kind = Kind.TIMEOUT
    code = "deadline"


class BugError(AstrolabeError):
    """Something that cannot be, was."""
