"""Keeps a project's memory up to date, and answers from it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from astrolabe.roles.knowledge.answering import Claim, borne_out, claims_in, question_of
from astrolabe.roles.knowledge.report import markdown
from astrolabe.sdk import (
    AgentFailedError,
    ModelError,
    NoModelError,
    Passage,
    Recalled,
    Task,
    Workbench,
)


class KnowledgeInputs(BaseModel, extra="forbid"):
    """What a task of this agent may be given."""

    question: str = Field(
        default="",
        max_length=2000,
        description="what is to be answered; without it, documents are only remembered",
    )
    documents: tuple[str, ...] | None = Field(
        default=None,
        max_length=200,
        description="paths whose documents are remembered first; all when absent, none when empty",
    )
    most_passages: int = Field(
        default=8, ge=1, le=50, description="how many passages an answer is made of at most"
    )
    report: str = Field(
        default="", description="where to write the answer as Markdown; one of the task's `writes`"
    )


class KnowledgeAgent:
    """Remembers what a project's documents say, and answers questions with the places that say it."""

    name = "knowledge"
    version = "1"
    purpose = "Remembers the project's documents and past runs, and answers a question from them; each claim names path and lines."
    inputs = KnowledgeInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Share what came of it under `knowledge/<task>`; a question that nothing remembered bears on fails the task."""
        asked = KnowledgeInputs.model_validate(task.inputs)
        document: dict[str, Any] = {"v": 1, "question": asked.question}
        if asked.documents is None or asked.documents:
            document["documents"] = asdict(await bench.memory.index(bench.tree, *(asked.documents or ())))
        if asked.question:
            document |= await _answer(bench, asked)
        await bench.context.set(f"knowledge/{task.id}", document)
        if asked.report and asked.question:
            await bench.write({asked.report: markdown(document)})


async def _answer(bench: Workbench, asked: KnowledgeInputs) -> dict[str, Any]:
    recalled = await bench.memory.recall(asked.question, asked.most_passages)
    passages = [passage for passage in recalled.passages if passage.related]
    if not passages:
        raise AgentFailedError(
            f"nothing that is remembered of this project bears on {asked.question!r}",
            hint="See what is remembered: astrolabe memory list",
        )
    claims, by, dropped = await _claims(bench, asked.question, passages)
    bench.say(f"{len(claims)} claims from {len(passages)} passages")
    return {
        "claims": [
            {"claim": claim.claim, "at": place.citation, "quote": claim.quote} for claim, place in claims
        ],
        "passages": [_passage(passage) for passage in passages],
        "by": by,
        "dropped": dropped,
        "ranked_by": _how(recalled),
    }


async def _claims(
    bench: Workbench, question: str, passages: Sequence[Passage]
) -> tuple[list[tuple[Claim, Passage]], str, int]:
    """Return what a model claims and the passages bear out, what made that, and how many claims they do not."""
    try:
        reply = await bench.ask(question_of(question, passages))
    except NoModelError:
        return [], "passages", 0
    except ModelError as error:
        bench.say(f"no model answered ({error}); the passages stand for themselves")
        return [], "passages", 0
    found = claims_in(reply.message.text)
    kept = borne_out(found, passages)
    if not kept:
        bench.say(
            "the model's answer had no claim that a passage bears out; the passages stand for themselves"
        )
    return kept, reply.model if kept else "passages", len(found) - len(kept)


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "at": passage.citation,
        "origin": passage.origin.value,
        "heading": passage.chunk.heading or passage.title,
        "score": round(passage.score, 4),
        "reason": passage.reason,
        "text": passage.chunk.text,
    }


def _how(recalled: Recalled) -> str:
    missing = f"; {recalled.unseen} sources are found by words alone" if recalled.unseen else ""
    return f"{recalled.how}{missing}"
