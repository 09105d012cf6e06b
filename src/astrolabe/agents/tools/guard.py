"""What no call of a tool may do, whatever a text says: checked before each one, by what it would touch."""

from astrolabe.agents.tools.rules import refused_line
from astrolabe.agents.tools.tool import Touch
from astrolabe.domain.paths import covered, path_fault
from astrolabe.domain.plan import Task
from astrolabe.errors import PolicyViolationError

PIPELINES = (
    "**/.github",
    "**/.gitlab-ci.yml",
    "**/.gitlab",
    "**/.circleci",
    "**/.buildkite",
    "**/.woodpecker*",
    "**/.drone.yml",
    "**/.travis.yml",
    "**/Jenkinsfile",
    "**/azure-pipelines*.yml",
    "**/bitbucket-pipelines.yml",
    "**/.husky",
    "**/.githooks",
    "**/.pre-commit-config.yaml",
    "**/.gitmodules",
    "**/.gitattributes",
)
"""What runs on other machines, or on the person's own, once it is merged: only a task that names it may change it."""
SECRETS = (
    "**/.env",
    "**/.env.local",
    "**/.env.production",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/id_rsa",
    "**/id_ed25519",
    "**/.netrc",
    "**/.npmrc",
    "**/.pypirc",
    "**/.aws",
    "**/.ssh",
    "**/.git-credentials",
)
"""Where keys lie: their content goes to no model unless the task names the file."""


def check(task: Task, touch: Touch) -> None:
    """Raise PolicyViolationError, with what to do instead, for what a task may not do."""
    for path in touch.writes:
        _check_write(task, path)
    for path in touch.reads:
        _check_read(task, path)
    if touch.command and (fault := refused_line(touch.command)):
        raise PolicyViolationError(f"this is not run: {fault.why}", hint=fault.instead)


def may_change(task: Task, path: str) -> bool:
    """Tell whether a task may change a path at all: by a tool, or by what a command does."""
    if path_fault(path) or not covered(task.writes, path):
        return False
    return not covered(PIPELINES, path) or _names(task, path, PIPELINES)


def may_see(task: Task, path: str) -> bool:
    """Tell whether a model may be shown what is in a file."""
    return not covered(SECRETS, path) or _names(task, path, SECRETS)


def _check_write(task: Task, path: str) -> None:
    if fault := path_fault(path):
        raise PolicyViolationError(f"{path!r} {fault}", hint="Use a path below the workspace's root.")
    if not covered(task.writes, path):
        allowed = ", ".join(task.writes) or "nothing"
        raise PolicyViolationError(
            f"this task may not change {path!r}",
            hint=f"It may change: {allowed}. Reach the goal within that, or finish and say what else is needed.",
        )
    if not may_change(task, path):
        raise PolicyViolationError(
            f"{path!r} runs on other machines, and the task does not name it",
            hint="Leave it as it is; finish and say what it would need, so that a person can decide.",
        )


def _check_read(task: Task, path: str) -> None:
    if not may_see(task, path):
        raise PolicyViolationError(
            f"{path!r} may hold secrets, and those are shown to nobody",
            hint="Do without its content: look at an example file or at the code that reads it.",
        )


def _names(task: Task, path: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether a pattern of the task covers a path because it is meant, and not because it covers everything."""
    return any(
        covered((pattern,), path)
        and covered(kinds, pattern.rstrip("/").removesuffix("/**").removesuffix("/*"))
        for pattern in task.writes
    )
