"""Asking a scripted server through the adapter, in each protocol alike."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from astrolabe.adapters.models.catalogue import Catalogue
from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.bootstrap import real_determinism
from astrolabe.domain.conversation import Question, Reply, Speaker, ToolSpec, said
from astrolabe.ports.model import unheard
from astrolabe.testing.models import ModelServer

KEY = "sk-canary-7f3a9c"
MODEL = "scripted-1"
SERVED = tuple(Wire)
READ = ToolSpec(name="read", description="Read a file.", parameters={"type": "object", "properties": {}})
HELLO = Question(messages=(said(Speaker.SYSTEM, "Be brief."), said(Speaker.USER, "Hello.")))


def options_of(server: ModelServer, wire: Wire, **options: Any) -> ModelOptions:
    """Return settings that name a server that speaks a protocol as the provider `there`."""
    address = server.openai_url if wire in {Wire.OPENAI, Wire.OPENAI_RESPONSES} else server.url
    there = {"protocol": wire, "base_url": address, "key": KEY, **options}
    told = {"use": f"there/{MODEL}", "providers": {"there": there}}
    return ModelOptions.model_validate(told)


def catalogue(server: ModelServer, wire: Wire, **options: Any) -> Catalogue:
    """Return the models of those settings."""
    told = options_of(server, wire, **options)
    return Catalogue(told, lambda _name: "", determinism=real_determinism())


@dataclass
class Asked:
    """What came of asking: a reply, and the pieces that were heard on the way."""

    reply: Reply
    pieces: list[str] = field(default_factory=list[str])


def ask(
    server: ModelServer, wire: Wire, question: Question = HELLO, *, streamed: bool = False, **options: Any
) -> Asked:
    """Ask once, and close the connections."""
    pieces: list[str] = []

    async def go() -> Reply:
        models = catalogue(server, wire, **options)
        try:
            model = models.named(f"there/{MODEL}")
            return await asyncio.wait_for(model.ask(question, pieces.append if streamed else unheard), 30)
        finally:
            await models.aclose()

    return Asked(asyncio.run(go()), pieces)
