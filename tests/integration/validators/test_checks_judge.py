"""Each check of the DevOps files and papers, run as the engine runs it: in the sandbox, with the pinned toolchains.

Every one of them accepts what is generated, and refuses it once one fault is put in.
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from astrolabe.adapters.images.cache import ImageCache
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.domain.paths import covered
from astrolabe.domain.plan import Check
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Sandbox, Setup
from astrolabe.roles.webapp.devops import NOT_RUN, devops_checks, devops_files
from astrolabe.roles.webapp.documentation import documentation_checks, documentation_files
from astrolabe.roles.webapp.scaffold import scaffold_files
from astrolabe.roles.webapp.writing import Files, view_of

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[3] / "examples"
CHECKS = {check.name: check for check in (*devops_checks(), *documentation_checks("OpenAPI"))}
ROUTES = CHECKS.pop("Documentation of the API")
AUDIT = "Known vulnerabilities of dependencies"

Ask = Callable[[Check, Mapping[str, str]], Outcome]


@pytest.fixture(scope="module")
def files() -> Files:
    document = (EXAMPLES / "library.yaml").read_text("utf-8")
    app = view_of(document)
    return {
        **scaffold_files(app),
        **devops_files(app),
        **documentation_files(app),
        "astrolabe.yaml": document,
    }


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Put a check to files, in a sandbox; one cache and one sandbox for all."""
    cache = tmp_path_factory.mktemp("cache")
    ids = itertools.count()
    determinism = Determinism(time.time, time.monotonic, lambda: f"{os.getpid()}-{next(ids)}")
    images = ImageCache(cache / "images", lambda: sandbox, determinism, dict(os.environ))
    sandbox = NamespaceSandbox(images.bubblewraps, cache / "sandbox", determinism)
    with asyncio.Runner() as runner:
        yield lambda check, files: runner.run(_asked(images, sandbox, check, files))


async def _asked(images: ImageCache, sandbox: Sandbox, check: Check, files: Mapping[str, str]) -> Outcome:
    outcome, _ = await _put(images, sandbox, check, files)
    return outcome


async def _put(
    images: ImageCache, sandbox: Sandbox, check: Check, files: Mapping[str, str]
) -> tuple[Outcome, Sequence[FileEntry]]:
    assert check.environment is not None
    wanted = [await images.toolchain(name) for name in check.environment.toolchains]
    setup = Setup(
        mounts=tuple(mount for image in wanted for mount in image.mounts),
        environment={key: value for image in wanted for key, value in image.environment.items()},
        path=tuple(folder for image in wanted for folder in image.path),
    )
    entries = [
        FileEntry(path, 0o100644, text.encode())
        for path, text in files.items()
        if not check.inputs or covered(check.inputs, path)
    ]
    async with sandbox.open(setup) as session:
        await session.put(entries)
        for used in (CHECKS[name] for name in check.uses):
            await session.put(await _produced(images, sandbox, used, files))
        outcome = await session.run(["sh", "-c", check.run], wall_seconds=check.timeout_seconds)
        return outcome, await session.take(check.produces) if check.produces else ()


async def _produced(
    images: ImageCache, sandbox: Sandbox, used: Check, files: Mapping[str, str]
) -> Sequence[FileEntry]:
    outcome, produced = await _put(images, sandbox, used, files)
    assert outcome.exit_code == 0, said(outcome)
    return produced


def said(outcome: Outcome) -> str:
    return (outcome.stdout + outcome.stderr).decode()


@pytest.mark.parametrize("name", [name for name in CHECKS if name != AUDIT])
def test_what_is_generated_is_accepted(name: str, ask: Ask, files: Files) -> None:
    outcome = ask(CHECKS[name], files)
    assert (outcome.exit_code, outcome.ending) == (0, Ending.EXITED), said(outcome)


CI, GITLAB, COMPOSE = ".github/workflows/ci.yml", ".gitlab-ci.yml", "compose.yaml"
SERVER, JOB, SERVICE = (f"deploy/k8s/{name}.yaml" for name in ("deployment", "migrate-job", "service"))
FAULTS = {
    "unknown key of a step": ("GitHub Actions", CI, "- run: npm ci", "- runs: npm ci", "runs"),
    "unpinned action": ("GitHub Actions", CI, "@93cb6efe18208431cddfb8368fd83d5badbf9bfd", "@v5", "pinned"),
    "injected expression": (
        "GitHub Actions", CI, "- run: npm run lint", "- run: echo ${{ github.head_ref }}", "untrusted",
    ),
    "job that is needed but missing": ("GitHub Actions", CI, "needs: [quality, test, built]", "needs: [tests]", "tests"),
    "duplicate key": ("GitHub Actions", CI, "name: CI\n", "name: CI\nname: CD\n", "unique"),
    "misspelt script": ("GitLab CI", GITLAB, "  script:\n", "  scripts:\n", "script"),
    "job called image": ("GitLab CI", GITLAB, "container:\n", "image:\n", "image"),
    "misspelt restart": ("Compose", COMPOSE, "restart:", "restarts:", "restarts"),
    "broken YAML": ("Compose", COMPOSE, "services:", "services: [", "flow"),
    "misspelt security setting": ("Kubernetes", SERVER, "runAsNonRoot", "runAsNonRot", "runAsNonRot"),
    "privilege escalation": ("Kubernetes", JOB, "Escalation: false", "Escalation: true", "restricted"),
    "service that selects nothing": ("Kubernetes", SERVICE, "component: server", "component: web", "no pod"),
    "port nobody listens on": ("Kubernetes", SERVICE, "targetPort: http", "targetPort: htp", "listens"),
    "boolean for a text": ("Kubernetes", SERVICE, 'name: "city-library"', "name: no", "string"),
    "kind that is gone": ("Kubernetes", "deploy/k8s/pdb.yaml", "policy/v1", "policy/v1beta1", "no kind"),
    "latest image": ("Dockerfile", "Dockerfile", "ARG NODE_IMAGE", "FROM node:latest\nARG NODE_IMAGE", "DL3007"),
    "instruction that is none": ("Dockerfile", "Dockerfile", "USER 1000:1000", "USR 1000:1000", "unexpected"),
    "licence that is not accepted": (
        "Licences of dependencies", "scripts/licences.mjs", "'MIT',", "'Nonesuch',", "MIT",
    ),
    "lock that is no lock": ("SBOM", "package-lock.json", '"lockfileVersion": 3', '"lockfileVersion": x', "lock"),
    "link to a file that is gone": ("Documentation", "README.md", "(docs/api.md)", "(docs/apis.md)", "exist"),
    "link to a heading that is gone": (
        "Documentation", "docs/operations.md", "## Rotating the key", "## Turning the key", "heading",
    ),
    "script that is gone": ("Documentation", "README.md", "`npm run lint`", "`npm run linter`", "linter"),
    "setting that is not explained": ("Documentation", ".env.example", "PORT=", "PORTAL=", "PORTAL"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_and_named(fault: str, ask: Ask, files: Files) -> None:
    name, path, good, bad, named = FAULTS[fault]
    assert good in files[path], "the sample no longer fits what is generated"
    outcome = ask(CHECKS[name], {**files, path: files[path].replace(good, bad)})
    assert outcome.exit_code not in {0, CHECKS[name].not_run_exit_code}, said(outcome)
    assert named in said(outcome)


def test_the_audit_says_that_it_could_not_look(ask: Ask, files: Files) -> None:
    """There is no network in the sandbox, so no advisory database: that is neither passed nor failed."""
    outcome = ask(CHECKS[AUDIT], files)
    assert outcome.exit_code == NOT_RUN == CHECKS[AUDIT].not_run_exit_code
    assert "cannot be reached" in said(outcome).splitlines()[-1]


@pytest.mark.parametrize(
    ("licence", "accepted"),
    [
        ("MIT", True),
        ("(MIT OR GPL-3.0-only)", True),
        ("(MIT AND GPL-3.0-only)", False),
        ("MIT AND (ISC OR GPL-3.0-only)", True),
        ("GPL-3.0-only OR MIT AND ISC", True),
        ("MIT AND GPL-3.0-only OR AGPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(MIT", False),
        ("MIT ISC", False),
        ("", False),
    ],
)
def test_licence_expressions_are_read_as_spdx_says(
    licence: str, accepted: bool, ask: Ask, files: Files
) -> None:
    bill = {"components": [{"name": "it", "version": "1", "licenses": [{"expression": licence}]}]}
    check = CHECKS["Licences of dependencies"].model_copy(update={"inputs": (), "uses": ()})
    outcome = ask(check, {**files, "sbom.cdx.json": json.dumps(bill)})
    assert (outcome.exit_code == 0) is accepted, said(outcome)


def described_api() -> dict[str, dict[str, dict[str, list[dict[str, str]]]]]:
    """Return the paths of the OpenAPI document that the example's papers describe."""
    account = {
        "/api/auth/register": ["post"],
        "/api/auth/login": ["post"],
        "/api/auth/refresh": ["post"],
        "/api/auth/logout": ["post"],
        "/api/auth/forgot": ["post"],
        "/api/auth/reset": ["post"],
        "/api/me": ["get", "patch"],
        "/api/me/password": ["post"],
        "/api/users": ["get"],
        "/api/users/{id}": ["patch"],
    }
    for entity in ("books", "authors", "members", "loans"):
        account |= {
            f"/api/{entity}": ["get", "post"],
            f"/api/{entity}/options": ["get"],
            f"/api/{entity}/{{id}}": ["get", "patch", "delete"],
        }
    return {path: {method: {"parameters": []} for method in methods} for path, methods in account.items()}


@pytest.mark.parametrize("fault", ["none", "route too many", "route too few", "parameter too many"])
def test_the_papers_describe_the_routes_there_are(fault: str, ask: Ask, files: Files) -> None:
    paths = described_api()
    match fault:
        case "route too many":
            paths["/api/shelves"] = {"get": {"parameters": []}}
        case "route too few":
            del paths["/api/loans/{id}"]["delete"]
        case "parameter too many":
            paths["/api/books"]["get"]["parameters"].append({"name": "colour", "in": "query"})
        case _:
            pass
    described = {**files, "openapi.json": json.dumps({"paths": paths})}
    outcome = ask(ROUTES.model_copy(update={"inputs": (), "uses": ()}), described)
    assert (outcome.exit_code == 0) is (fault == "none"), said(outcome)
