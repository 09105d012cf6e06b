"""Answers made of claims, each with the words of a passage that bear it out."""

import json
from collections.abc import Sequence

from pydantic import BaseModel, Field, ValidationError

from astrolabe.sdk import NOTICE, Message, Passage, Question, Shape, Speaker, marked, said

_SHORTEST_QUOTE = 12
INSTRUCTIONS = (
    "Answer the question from the passages alone. Write claims, each one sentence, each with the number of a passage and a "
    "quote copied from it word for word that bears the claim out. Leave out what no passage says."
)


class Claim(BaseModel):
    """One sentence, the number of a passage (from 1), and its words that bear the sentence out."""

    claim: str = Field(min_length=1, max_length=1000)
    passage: int = Field(ge=1)
    quote: str = Field(min_length=1, max_length=2000)


class Claims(BaseModel):
    """What a model answers."""

    claims: list[Claim] = Field(max_length=40)


def question_of(question: str, passages: Sequence[Passage]) -> Question:
    """Return what a model is asked; what the passages say is marked as data."""
    told = "\n\n".join(
        f"Passage {number} ({one.citation}):\n{marked(one.chunk.text, question)}"
        for number, one in enumerate(passages, 1)
    )
    messages: tuple[Message, ...] = (
        said(Speaker.SYSTEM, f"{INSTRUCTIONS}\n\n{NOTICE}"),
        said(Speaker.USER, f"Question: {question}\n\n{told}"),
    )
    shape = Shape(name="claims", json_schema=Claims.model_json_schema())
    return Question(messages=messages, shape=shape, temperature=0)


def claims_in(text: str) -> list[Claim]:
    """Return the claims of a model's answer; none where it is not what was asked for."""
    start, end = text.find("{"), text.rfind("}")
    try:
        return Claims.model_validate(json.loads(text[start : end + 1])).claims
    except (ValueError, ValidationError, RecursionError):
        return []


def borne_out(claims: Sequence[Claim], passages: Sequence[Passage]) -> list[tuple[Claim, Passage]]:
    """Return the claims whose quote stands in the passage they name, each with it."""
    return [
        (claim, passages[claim.passage - 1])
        for claim in claims
        if claim.passage <= len(passages)
        and len(_folded(claim.quote)) >= _SHORTEST_QUOTE
        and _folded(claim.quote) in _folded(passages[claim.passage - 1].chunk.text)
    ]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
