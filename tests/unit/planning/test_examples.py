"""Every plan among the examples is valid as it stands."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from astrolabe.cli.app import app

PLANS = sorted((Path(__file__).parents[3] / "examples" / "plans").iterdir())


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_an_example_is_valid(plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_HOME", str(tmp_path))
    told = CliRunner().invoke(app, ["plan", "validate", str(plan)])
    assert told.exit_code == 0, told.output
