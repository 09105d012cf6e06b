"""A check that uses another one waits for it, sees what it produced on the same tree, and proves nothing without it."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Check, Plan, Task
from astrolabe.engine.workshop import Watcher
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.reports import report
from astrolabe.services.runs import view_run
from astrolabe.settings import Settings
from tests.acceptance.toy import PLUGIN

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"


def checked(folder: Path, content: str, *checks: Check) -> dict[str, dict[str, Any]]:
    """Return the evidence of checks by name, put to a tree with one file `source`; the run's status is under ``."""
    return asyncio.run(_checked(folder, content, checks))


async def _checked(folder: Path, content: str, checks: tuple[Check, ...]) -> dict[str, dict[str, Any]]:
    task = Task(
        id="only", name="only", agent="toy", writes=("source",), inputs={"content": content}, checks=checks
    )
    settings = Settings(home=folder / "home", cache=CACHE)
    async with open_installation(settings, plugins=[PLUGIN]) as installation:
        proposed = await propose_plan(installation, Plan(goal="g", tasks=(task,)), folder / content)
        begun = await begin(installation, proposed)
        await carry_out(installation, begun, Watcher())
        told = report(await view_run(installation, begun.record))
    return {"": told["run"], **{check["check"]: check for check in told["checks"]}}


# The user comes first, so that the order is not the plan's.
USER = Check(name="user", run="cat made/it > copy", inputs=("nothing",), uses=("maker",), produces=("copy",))
MAKER = Check(
    name="maker", run="mkdir made && tr -d ' ' < source | tr a-z A-Z > made/it", produces=("made/**",)
)


def test_what_one_produces_the_other_sees(tmp_path: Path) -> None:
    third = Check(name="third", run="grep -qx WORD copy && ! test -e made", uses=("user",))
    told = checked(tmp_path, "word", third, USER, MAKER)

    assert told[""]["status"] == "passed"
    assert told["maker"]["tree"] == told["user"]["tree"] == told["third"]["tree"]


def test_only_what_is_named_is_seen(tmp_path: Path) -> None:
    told = checked(tmp_path, "word", USER.model_copy(update={"uses": ()}), MAKER)

    assert told["user"]["verdict"] == "failed"


def test_evidence_depends_on_what_was_given(tmp_path: Path) -> None:
    first, again, other = (checked(tmp_path, content, USER, MAKER) for content in ("one", "one ", "two"))

    assert again["user"]["inputs_digest"] == first["user"]["inputs_digest"]
    assert again["user"]["reused_from"] == first[""]["id"]
    assert other["user"]["inputs_digest"] != first["user"]["inputs_digest"]
    assert other["user"]["reused_from"] is None


def test_without_it_nothing_is_proved(tmp_path: Path) -> None:
    failing = MAKER.model_copy(update={"run": "mkdir made && echo x > made/it && false"})
    absent = MAKER.model_copy(update={"name": "absent", "run": "exit 75", "not_run_exit_code": 75})
    of_absent = USER.model_copy(update={"name": "of absent", "uses": ("absent",)})
    told = checked(tmp_path, "word", USER, failing, of_absent, absent)

    assert told[""]["status"] == "failed"
    reasons = {name: (told[name]["verdict"], told[name]["reason"]) for name in ("user", "of absent")}
    assert reasons == {
        "user": ("not-run", "it uses 'maker', which failed"),
        "of absent": ("not-run", "it uses 'absent', which was not run"),
    }
