"""What real services were recorded to answer arrives through the adapter as the recording says it, over HTTP."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from astrolabe.adapters.models.known import Wire
from astrolabe.domain.conversation import Text, Thinking
from astrolabe.ports.model import unheard
from astrolabe.testing.models import Answer, Call, ModelServer, Recording, Request, Transcript, Turn
from tests.integration.models.asking import HELLO, MODEL, READ, catalogue
from tests.integration.models.recorded import WIRES, Meant, meant

FOLDER = Path(__file__).parents[2] / "data" / "transcripts"
FILES = sorted(FOLDER.rglob("*.yaml"))
QUESTION = HELLO.model_copy(update={"tools": (READ,)})


@dataclass
class Player:
    """Answers with what is put on, whatever is asked."""

    on: Answer | Turn

    def take(self, request: Request) -> Answer | Turn:
        return self.on


def record(recording: Recording) -> Answer | Turn:
    """Return a recording as an endpoint that the adapter can talk to would answer it.

    Ollama's own protocol and legacy completions are none of ours: there, chat completions would say the same.
    """
    if recording.path in WIRES:
        return recording.answer
    told = meant(recording)
    calls = tuple(Call(tool=name, arguments=arguments) for name, arguments in told.calls)
    return Turn(text=told.text, calls=calls, finish=told.finish, use=told.use)


async def played(recordings: list[Recording]) -> list[tuple[Meant, str]]:
    """Return what the adapter made of each, and what was heard on the way."""
    got: list[tuple[Meant, str]] = []
    player = Player(Turn())
    with ModelServer(player) as server:
        models = {wire: catalogue(server, wire) for wire in (*WIRES.values(),)}
        for recording in recordings:
            player.on = record(recording)
            model = models[WIRES.get(recording.path, Wire.OPENAI)].named(f"there/{MODEL}")
            pieces: list[str] = []
            streamed = recording.streams or isinstance(recording.told, list)
            reply = await model.ask(QUESTION, pieces.append if streamed else unheard)
            parts = reply.message.parts
            told = Meant(
                text="".join(part.text for part in parts if isinstance(part, Text)),
                thinking="".join(part.text for part in parts if isinstance(part, Thinking)),
                calls=[(part.tool, part.arguments) for part in reply.message.calls],
                finish=reply.finish,
                use=reply.use,
            )
            got.append((told, "".join(pieces) if streamed else told.text))
        for each in models.values():
            await each.aclose()
    return got


@pytest.mark.parametrize("folder", sorted({path.parent.name for path in FILES}))
def test_a_recorded_reply_is_read_as_it_was_meant(folder: str) -> None:
    places = [path for path in FILES if path.parent.name == folder]
    recordings = [(path.name, each) for path in places for each in Transcript.read(path).recordings]
    got = asyncio.run(played([recording for _, recording in recordings]))
    for (name, recording), (told, heard) in zip(recordings, got, strict=True):
        assert told == meant(recording), name
        assert heard == told.text, name
