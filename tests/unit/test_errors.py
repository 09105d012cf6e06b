"""The error tree: codes that programs may match, and the drawing at the module's top."""

import re
from collections.abc import Iterator

from astrolabe import errors
from astrolabe.errors import AstrolabeError, InputError, Problem

CODES = {
    "InputError": "input-invalid",
    "PlanValidationError": "plan-invalid",
    "GoalError": "goal-invalid",
    "SettingsError": "settings-invalid",
    "TargetError": "target-invalid",
    "NoModelError": "no-model",
    "RefusedError": "refused",
    "SandboxUnavailableError": "sandbox-unavailable",
    "OfflineError": "offline",
    "PolicyViolationError": "policy-violated",
    "SecretFoundError": "secret-found",
    "ProofLostError": "proof-lost",
    "OverBudgetError": "over-budget",
    "MissingError": "missing",
    "ConflictError": "conflict",
    "LeaseLostError": "lease-lost",
    "UndrivenError": "undriven",
    "MergeConflictError": "merge-conflict",
    "UnavailableError": "unavailable",
    "AgentFailedError": "agent-failed",
    "SandboxLostError": "sandbox-lost",
    "FetchError": "fetch-failed",
    "ModelError": "model-failed",
    "ModelBusyError": "model-busy",
    "ModelKeyError": "model-key",
    "ModelRequestError": "model-request",
    "WindowExceededError": "window-exceeded",
    "StorageError": "storage-failed",
    "DeadlineError": "deadline",
    "BugError": "internal",
}
"""Programs match these: one may be added, none may change."""


def below(error: type[AstrolabeError]) -> Iterator[type[AstrolabeError]]:
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from below(child)


def test_codes_are_stable_and_distinct() -> None:
    assert {error.__name__: error.code for error in below(AstrolabeError)} == CODES
    assert len(set(CODES.values())) == len(CODES)


def test_the_drawing_shows_the_tree_as_it_is() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+Error)\b", line):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            drawn[found[2]] = above[depth - 1] if depth else ""
    real = {error.__name__: error.__bases__[0].__name__ for error in below(AstrolabeError)}
    assert drawn == {"AstrolabeError": "", **real}


def test_every_problem_is_told_with_its_place() -> None:
    told = str(
        InputError("it is wrong", [Problem("a.yaml:1:2", "odd", "make it even"), Problem("b", "gone")])
    )
    assert told.splitlines() == ["it is wrong", "  a.yaml:1:2: odd (make it even)", "  b: gone"]
