"""The DevOps files are well-formed, agree with each other, and hold nothing of the model but its slug."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from tests.unit.roles.webapp.hostile_models import HOSTILE, MODELS, plain, view

from astrolabe.domain.paths import covered
from astrolabe.roles.webapp.devops import DEVOPS_WRITES, NOT_RUN, devops_checks, devops_files

PLAIN = devops_files(plain())
YAML = re.compile(r"\.ya?ml\Z")


def documents(files: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for path, text in files.items():
        if YAML.search(path):
            yield from ((path, document) for document in yaml.safe_load_all(text))


@given(MODELS)
@settings(max_examples=30)
def test_a_model_shows_in_the_files_only_by_its_slug(texts: list[str]) -> None:
    """So nothing a person typed can end a scalar, a comment or a command."""
    app = view(texts)
    harmless = {path: text.replace(plain().slug, app.slug) for path, text in PLAIN.items()}
    assert devops_files(app) == harmless


@pytest.mark.parametrize("name", ["no", "Null", "1e3", "yes", "0x10", "~", "2026-01-01", *HOSTILE])
def test_every_name_stays_a_text_in_yaml(name: str) -> None:
    app = view([name] * 14)
    files = devops_files(app)
    names = [
        document["metadata"]["name"] for path, document in documents(files) if path.startswith("deploy/")
    ]
    assert set(names) == {app.slug, f"{app.slug}-migrate"}
    assert dict(documents(files))["compose.yaml"]["name"] == app.slug


def test_all_files_lie_within_what_the_task_may_write() -> None:
    assert all(covered(DEVOPS_WRITES, path) for path in PLAIN)
    assert all(any(covered((pattern,), path) for path in PLAIN) for pattern in DEVOPS_WRITES)


def test_every_check_sees_files_that_are_there() -> None:
    files = (
        *PLAIN,
        "package.json",
        "package-lock.json",
        "api/package.json",
        "web/package.json",
    )
    for check in devops_checks():
        assert check.inputs
        assert all(any(covered((pattern,), path) for path in files) for pattern in check.inputs), check.name


def test_every_yaml_file_is_judged_by_a_schema() -> None:
    judged = [pattern for check in devops_checks() for pattern in check.inputs]
    assert all(covered(tuple(judged), path) for path in PLAIN if YAML.search(path))


def test_only_the_audit_may_say_that_it_could_not_look() -> None:
    excused = [check.name for check in devops_checks() if check.not_run_exit_code == NOT_RUN]
    assert excused == ["Known vulnerabilities of dependencies"]


def test_actions_are_pinned_to_commits_and_jobs_may_only_read() -> None:
    workflow = dict(documents(PLAIN))[".github/workflows/ci.yml"]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action) for action in used)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_no_gitlab_job_has_a_name_gitlab_reserves() -> None:
    pipeline = dict(documents(PLAIN))[".gitlab-ci.yml"]
    jobs = {name for name, job in pipeline.items() if isinstance(job, dict) and "script" in job}
    assert jobs
    assert not jobs & {
        "image",
        "services",
        "stages",
        "types",
        "before_script",
        "after_script",
        "variables",
        "cache",
        "include",
        "pages",
    }


def test_the_database_of_compose_is_reached_from_inside_only() -> None:
    compose = dict(documents(PLAIN))["compose.yaml"]
    database = compose["services"]["db"]
    assert "ports" not in database
    assert all(compose["networks"][name] == {"internal": True} for name in database["networks"])
    for service in compose["services"].values():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_has_a_value() -> None:
    files = PLAIN
    example = dict(re.findall(r"^(\w+)=(.*)$", files["deploy/compose.env.example"], re.MULTILINE))
    assert example["POSTGRES_PASSWORD"] == example["JWT_SECRET"] == ""
    secret = dict(documents(files))["deploy/secret.example.yaml"]
    assert set(secret["stringData"].values()) == {""}
    assert "*.env" in files["deploy/.gitignore"].splitlines()


def test_the_images_do_not_run_as_root() -> None:
    stages = re.split(r"^FROM ", PLAIN["Dockerfile"], flags=re.MULTILINE)[1:]
    started = [stage for stage in stages if "\nCMD " in stage]
    assert len(started) == 3
    assert all(re.search(r"^USER [1-9]\d*:[1-9]\d*$", stage, re.MULTILINE) for stage in started)
