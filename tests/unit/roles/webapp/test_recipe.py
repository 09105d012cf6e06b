"""The recipe's tasks fit together, and what the agents write is what the tasks declare."""

from itertools import combinations
from pathlib import Path

import pytest
import yaml

from astrolabe.domain.paths import covered, may_overlap
from astrolabe.domain.policy import Policy
from astrolabe.roles.webapp import plugin, scaffold, testing
from astrolabe.roles.webapp.api_tests import api_test_files
from astrolabe.roles.webapp.backend import aligned, backend_files
from astrolabe.roles.webapp.devops import devops_files
from astrolabe.roles.webapp.documentation import documentation_files
from astrolabe.roles.webapp.frontend import frontend_files
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.recipe import SIDE_BY_SIDE, WebAppRecipe
from astrolabe.roles.webapp.view import AppView
from astrolabe.sdk import Goal, Task, Understanding

EXAMPLES = Path(__file__).parents[4] / "examples"
WRITERS = {
    "scaffold": scaffold.scaffold_files,
    "backend": backend_files,
    "frontend": frontend_files,
    "testing": testing.testing_files,
    "documentation": documentation_files,
    "devops": devops_files,
}

DOCUMENT = "astrolabe: webapp/1\nname: Shop\nentities:\n  Item: {fields: {name: {}}}\n"
HOSTILE = "\"; drop table x; -- </script> ${1} `2` {{ 3 }} '4' \\ */ <!--"


def hostile_model() -> AppModel:
    kinds = ("string", "text", "integer", "decimal", "boolean", "date", "datetime", "email", "url")
    fields: dict[str, object] = {kind: {"type": kind, "label": HOSTILE, "required": True} for kind in kinds}
    fields |= {f"{kind}2": {"type": kind, "description": HOSTILE} for kind in kinds}
    fields |= {"state": {"type": "enum", "enum": "State", "default": "open"}}
    relations: dict[str, object] = {
        "parent": {"to": "Event"},
        "twin": {"to": "Order", "kind": "one-to-one", "required": True},
        "tags": {"to": "Order", "kind": "many-to-many", "label": HOSTILE},
    }
    return AppModel.model_validate(
        {
            "name": HOSTILE,
            "description": HOSTILE,
            "roles": ["editor"],
            "enums": {"State": ["open", "closed"]},
            "entities": {
                "Event": {"label": HOSTILE, "plural": HOSTILE, "fields": fields, "relations": relations},
                "Order": {"owned": False, "fields": {"number": {"type": "integer", "unique": True}}},
            },
        }
    )


def example(name: str) -> AppModel:
    return AppModel.model_validate(yaml.safe_load((EXAMPLES / name).read_text()))


MODELS = {"hostile": hostile_model(), **{name: example(name) for name in ("bookmarks.yaml", "library.yaml")}}


def tasks() -> dict[str, Task]:
    understanding = Understanding("webapp", "Shop", DOCUMENT, "app.yaml")
    return {task.id: task for task in WebAppRecipe().tasks(understanding)}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
@pytest.mark.parametrize("task_id", WRITERS)
def test_an_agent_writes_only_what_its_task_declares(task_id: str, model: AppModel) -> None:
    writes = tasks()[task_id].writes
    outside = [path for path in WRITERS[task_id](AppView.of(model)) if not covered(writes, path)]
    assert outside == []


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_no_two_agents_write_the_same_file(model: AppModel) -> None:
    app = AppView.of(model)
    written = [path for writer in WRITERS.values() for path in writer(app)]
    assert len(written) == len(set(written))


def test_tasks_side_by_side_may_not_write_the_same_path() -> None:
    for one, other in combinations(SIDE_BY_SIDE.values(), 2):
        assert [(left, right) for left in one[1] for right in other[1] if may_overlap(left, right)] == []


def test_every_task_has_its_agent_and_its_checks() -> None:
    agents = {agent.name for agent in plugin.agents}
    for task in tasks().values():
        assert task.agent in agents
        assert task.checks
        assert len({check.name for check in task.checks}) == len(task.checks)


def test_the_whole_chain_waits_for_every_part() -> None:
    assert set(tasks()["integrate"].depends_on) == set(SIDE_BY_SIDE)
    assert all(tasks()[name].depends_on == ("scaffold",) for name in SIDE_BY_SIDE)


def test_only_a_check_that_may_be_missing_can_say_so() -> None:
    for check in tasks()["integrate"].checks:
        assert (check.not_run_exit_code is None) == check.required, check.name


def test_the_model_reaches_the_scaffold_word_for_word() -> None:
    assert tasks()["scaffold"].inputs == {"model": DOCUMENT}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_every_entity_has_tests_of_its_own(model: AppModel) -> None:
    app = AppView.of(model)
    files = api_test_files(app)
    for entity in app.entities:
        assert f"/api/{entity.path}" in files[f"api/tests/{entity.path}.test.ts"]


@pytest.mark.parametrize("provider", ["sqlite", "postgresql"])
def test_both_databases_get_the_same_models(provider: str) -> None:
    schema = backend_files(AppView.of(example("library.yaml")))[f"api/prisma/{provider}/schema.prisma"]
    assert f'provider = "{provider}"' in schema
    assert ("@db.Date" in schema) == (provider == "postgresql")


def test_a_schema_s_columns_stand_under_each_other() -> None:
    schema = "model A {\n  id String @id\n  longName Int?\n\n  @@index([id])\n}\n"
    assert aligned(schema) == "model A {\n  id       String @id\n  longName Int?\n\n  @@index([id])\n}\n"


def test_the_folder_is_quoted_in_the_commands_that_start_it() -> None:
    assert WebAppRecipe().start_commands("my app")[0] == "cd 'my app'"


def test_limits_grow_with_the_model_and_no_policy_cuts_them_short() -> None:
    def tasks(entities: int) -> tuple[Task, ...]:
        fields = "{fields: {name: {}}}"
        listed = "".join(f"\n  Thing{chr(97 + n // 26)}{chr(97 + n % 26)}: {fields}" for n in range(entities))
        goal = Goal(f"astrolabe: webapp/1\nname: Big\nentities:{listed}\n")
        understanding = WebAppRecipe().read(goal)
        assert understanding
        return WebAppRecipe().tasks(understanding)

    small, usual, large = (
        {check.name: check.timeout_seconds for check in tasks(entities)[-1].checks}
        for entities in (1, 10, 40)
    )
    assert small == usual
    assert large == {name: 4 * seconds for name, seconds in usual.items()}
    assert max(large.values()) <= Policy().wall_seconds
    assert max(large.values()) < tasks(40)[-1].timeout_seconds
