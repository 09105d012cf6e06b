"""Runs in which a real model worked (`tests/data/recordings`), played again where there is no model.

Whether today's code asks it the same words is held by `just test-model`: a prompt that was changed wants a new recording.
"""

from pathlib import Path

import pytest

from astrolabe.domain.subject import subject_in
from astrolabe.services.recording import read_recording
from astrolabe.testing.network import guarded_network
from tests.person import Person

RECORDINGS = sorted((Path(__file__).parents[1] / "data/recordings").glob("*.zip"))


def test_there_are_recordings() -> None:
    assert RECORDINGS


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_a_run_of_a_real_model_is_played_again_without_it(person: Person, file: Path) -> None:
    recording = read_recording(file)
    asked = [step for step in recording.steps.values() if "reply" in step.reply]
    assert asked
    assert {step.reply["reply"]["model"] for step in asked} == {"local/qwen-coder-1.5b"}
    with guarded_network():
        done = person.types("replay", file, "--json", "--offline")
    told = done.document
    assert all(task["same"] for task in told["tasks"]), (
        "today's code makes something else of what the model said"
    )
    for turn in told["turns"]:  # other words of ours are no fault; other steps are
        assert None not in {turn["then"], turn["now"]}, turn
        assert turn["step"].endswith("/model"), turn
    assert done.code == (1 if told["turns"] else 0)
    assert not list(person.folder.rglob("server.json")), "a model was started"


def test_one_of_them_gave_its_change_a_line_that_its_commit_has() -> None:
    steps = read_recording(RECORDINGS[0].with_name("qwen-fix.zip")).steps.values()
    said = "".join(
        part["text"]
        for step in steps
        if "reply" in step.reply
        for part in step.reply["reply"]["message"]["parts"]
    )
    line = said.partition('"subject": "')[2].partition('"')[0]
    assert subject_in(line) == "Fix clock.py to set DAY to 24 * HOUR"
