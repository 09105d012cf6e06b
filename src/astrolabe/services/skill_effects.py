"""What a skill is worth: the same tasks by the same agent and model, with it and without it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from astrolabe.evaluation.answering import Answer
from astrolabe.evaluation.outcome import compared
from astrolabe.evaluation.suite import Suite
from astrolabe.evaluation.trial import Contestant
from astrolabe.services.evaluation import Told, evaluate
from astrolabe.services.installation import Installation

SHAPE = "astrolabe.skill-effect/1"


async def measure_skill(
    installation: Installation,
    name: str,
    text: str,
    suite: Suite,
    *,
    repeat: int,
    parallel: int,
    folder: Path | None = None,
    told: Told = lambda _trial, _known, _all: None,
) -> dict[str, Any]:
    """Return both evaluations and their difference, with less without; what has been tried already is taken as it is.

    `text` is what the skill tells a model. Each trial is one question: what an agent's loop would find out by running its
    own tests is left out, so that what is measured is what the skill adds to what the model knows.

    Raises:
        NoModelError: none is set up.
    """
    chain = await asyncio.to_thread(installation.models.chain, Answer.name)  # it may load a library
    models = ", ".join(model.info.name for model in chain)
    plain = Contestant(Answer.name, Answer.version, f"{models}, without skills")
    skilled = replace(plain, setting=f"{models}, with {name}", inputs={"guidance": [text]})
    sides: list[dict[str, Any]] = []
    for contestant in (plain, skilled):
        made = await evaluate(
            installation, suite, contestant, repeat=repeat, parallel=parallel, folder=folder, told=told
        )
        sides.append(made.document())
    return {
        "shape": SHAPE,
        "skill": name,
        "without": sides[0],
        "with": sides[1],
        "compared": compared(*sides),
    }
