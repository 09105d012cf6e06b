"""Recorded exchanges, served again over HTTP: each recorded request gets exactly its recorded reply."""

from pathlib import Path

import pytest
from tests.unit.testing.plain import ask

from astrolabe.testing.models import ModelServer, Transcript

FOLDER = Path(__file__).parents[2] / "data" / "transcripts"
FILES = sorted(FOLDER.rglob("*.yaml"))


def test_the_whole_corpus_is_there() -> None:
    assert len(FILES) == 190
    assert len({path.parent for path in FILES}) == 11


@pytest.mark.parametrize("folder", sorted({path.parent.name for path in FILES}))
def test_every_recorded_request_gets_its_recorded_reply(folder: str) -> None:
    recordings = [
        each for path in FILES if path.parent.name == folder for each in Transcript.read(path).recordings
    ]
    with ModelServer(Transcript(recordings)) as server:
        for recording in recordings:
            got = ask(server, recording.path, recording.asked)
            # The services took all of these: whoever refuses one is stricter than they are.
            assert (got.status, got.body) == (200, recording.answer.body), got.body[:500]
            assert got.headers["content-type"] == recording.answer.headers["content-type"]
            assert recording.told
    for recording, request in zip(recordings, server.requests, strict=True):
        if request.wire:
            assert request.gist.streams == recording.streams
            assert request.gist.model == recording.asked["model"]
            assert request.gist.said
