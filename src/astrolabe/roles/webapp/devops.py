"""The devops agent: pipelines, image, Compose and Kubernetes, and the checks that hold them against their schemas."""

from astrolabe.roles.webapp.rendering import render_folder
from astrolabe.roles.webapp.view import AppView
from astrolabe.roles.webapp.writing import Files, app_of, write
from astrolabe.sdk import Check, Environment, Task, Workbench

DEVOPS_WRITES = (
    "Dockerfile",
    ".dockerignore",
    "compose.yaml",
    "deploy",
    ".github",
    ".gitlab-ci.yml",
    "scripts/licences.mjs",
    "scripts/collect-modules.mjs",
)

NOT_RUN = 75
"""Exit code of a check that could not look: EX_TEMPFAIL of sysexits.h."""

_MANIFESTS = ("package.json", "package-lock.json", "api/package.json", "web/package.json")
_VALIDATORS = Environment(toolchains=("node", "validators"))
_SBOM = "npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx > sbom.cdx.json"


def devops_files(app: AppView) -> Files:
    """Return the files of this agent by their path, as they are before prettier."""
    return render_folder("devops", {"app": app})


class DevopsAgent:
    """Writes what builds, ships and runs the application."""

    name = "devops"
    version = "1"
    purpose = "Writes the container and pipeline files of a web application from its model; only for plans of the recipe `webapp`."

    async def work(self, task: Task, bench: Workbench) -> None:  # noqa: ARG002 - the model lies in the tree
        """Write the files; what a person put beside them stays."""
        bench.say("writing pipelines, image and manifests")
        await write(bench, devops_files(await app_of(bench)))


def devops_checks() -> tuple[Check, ...]:
    """Return the checks of this agent's files; each sees only what it judges."""
    return (
        _schema("GitHub Actions", "github-workflow .github/workflows/*.yml", (".github",)),
        _schema("GitLab CI", "gitlab-ci .gitlab-ci.yml", (".gitlab-ci.yml",)),
        _schema("Compose", "compose compose.yaml", ("compose.yaml",)),
        _schema("Kubernetes", "kubernetes deploy/k8s/*.yaml deploy/secret.example.yaml", ("deploy",)),
        Check(
            name="Dockerfile",
            run="hadolint --failure-threshold warning Dockerfile",
            inputs=("Dockerfile",),
            timeout_seconds=60,
            environment=Environment(toolchains=("hadolint",)),
        ),
        Check(
            name="SBOM",
            run=f'{_SBOM} && node "$ASTROLABE_VALIDATE" cyclonedx sbom.cdx.json',
            inputs=_MANIFESTS,
            produces=("sbom.cdx.json",),
            timeout_seconds=120,
            environment=_VALIDATORS,
        ),
        Check(
            name="Licences of dependencies",
            run="node scripts/licences.mjs sbom.cdx.json",
            inputs=("scripts/licences.mjs",),
            uses=("SBOM",),
            timeout_seconds=120,
            environment=Environment(toolchains=("node",)),
        ),
        Check(
            name="Known vulnerabilities of dependencies",
            run=_AUDIT,
            inputs=_MANIFESTS,
            timeout_seconds=120,
            environment=Environment(toolchains=("node",)),
            required=False,
            not_run_exit_code=NOT_RUN,
        ),
    )


_AUDIT = f"""\
npm audit --package-lock-only --omit=dev --audit-level=high --fetch-retries=0 --json > audit.json 2> audit.log
code=$?
if grep -q '"vulnerabilities":' audit.json; then cat audit.json; exit "$code"; fi
echo "the advisory database cannot be reached from the sandbox; the pipelines run npm audit"
exit {NOT_RUN}"""


def _schema(name: str, arguments: str, inputs: tuple[str, ...]) -> Check:
    return Check(
        name=name,
        run=f'node "$ASTROLABE_VALIDATE" {arguments}',
        inputs=inputs,
        timeout_seconds=60,
        environment=_VALIDATORS,
    )
