"""Looks things up: searches, reads pages, and keeps what they bear out."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from astrolabe.roles.research.claims import Claim, Source, borne_out, claims_in, extracted, question_of
from astrolabe.roles.research.extraction import words_of
from astrolabe.sdk import (
    AgentFailedError,
    FetchError,
    ModelError,
    NoModelError,
    Task,
    UnavailableError,
    Workbench,
)

_MARKUP = re.compile(r"([\\`*_\[\]<>])")


class ResearchInputs(BaseModel, extra="forbid"):
    """What a task of this agent is given."""

    question: str = Field(min_length=3, max_length=2000, description="what is to be found out")
    sources: tuple[str, ...] = Field(
        default=(), max_length=50, description="addresses of pages to read, besides those a search finds"
    )
    most_pages: int = Field(default=5, ge=1, le=50, description="how many pages are read at most")
    report: str = Field(
        default="", description="where to write the findings as Markdown; one of the task's `writes`"
    )


class ResearchAgent:
    """Answers a question from the web, or from pages it is given; what no page says word for word is left out."""

    name = "research"
    version = "1"
    purpose = (
        "Searches the web and reads pages to answer a question; each claim quotes the page that bears it out."
    )
    inputs = ResearchInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Share the findings under `research/<task>`; without one claim that is borne out the task fails."""
        asked = ResearchInputs.model_validate(task.inputs)
        addresses = await _addresses(bench, asked)
        sources, unread = await _read(bench, addresses[: asked.most_pages])
        found, dropped, by = await _answered(bench, asked.question, sources)
        document = _document(asked.question, found, sources, unread) | {"by": by, "dropped": dropped}
        await bench.context.set(f"research/{task.id}", document)
        if asked.report:
            await bench.write({asked.report: _markdown(document)})
        bench.say(f"{len(found)} claims from {len(sources)} pages, {dropped} dropped for want of a passage")
        if not found:
            reasons = "; ".join(f"{one['url']}: {one['reason']}" for one in unread[:3])
            raise AgentFailedError(
                f"no page bears out an answer to {asked.question!r}{f' ({reasons})' if reasons else ''}"
            )


async def _addresses(bench: Workbench, asked: ResearchInputs) -> list[str]:
    """Return the pages to read: those that were named, then those that a search finds."""
    if bench.web.provider is None and asked.sources:
        return list(asked.sources)
    try:
        hits = await bench.web.search(asked.question, asked.most_pages)
    except UnavailableError as error:
        if not asked.sources:
            raise
        bench.say(f"nothing was searched for: {error}")
        hits = ()
    return list(dict.fromkeys([*asked.sources, *(hit.url for hit in hits)]))


async def _read(bench: Workbench, addresses: Sequence[str]) -> tuple[list[Source], list[dict[str, str]]]:
    """Return what could be read, and why the rest could not."""
    sources: dict[str, Source] = {}
    unread: list[dict[str, str]] = []
    for url in addresses:
        try:
            page = await bench.web.fetch(url)
        except FetchError as error:
            unread.append({"url": url, "reason": error.message})
            continue
        title, text = words_of(page.content.decode("utf-8", "replace"), page.media_type)
        sources[page.url] = Source(page.url, title or page.url, text, page.digest)
    return list(sources.values()), unread


async def _answered(
    bench: Workbench, question: str, sources: Sequence[Source]
) -> tuple[list[tuple[Claim, Source]], int, str]:
    """Return the claims that are borne out, how many were not, and what made them."""
    if not sources:
        return [], 0, "nothing"
    try:
        reply = await bench.ask(question_of(question, sources))
    except NoModelError:
        return (*borne_out(extracted(question, sources), sources), "extraction")
    except ModelError as error:
        bench.say(f"no model answered ({error}); the pages' own sentences are taken")
        return (*borne_out(extracted(question, sources), sources), "extraction")
    found, dropped = borne_out(claims_in(reply.message.text), sources)
    if found:
        return found, dropped, reply.model
    bench.say("the model's answer had no claim that a page bears out; the pages' own sentences are taken")
    kept, _ = borne_out(extracted(question, sources), sources)
    return kept, dropped, "extraction"


def _document(
    question: str,
    found: Sequence[tuple[Claim, Source]],
    sources: Sequence[Source],
    unread: Sequence[dict[str, str]],
) -> dict[str, Any]:
    return {
        "v": 1,
        "question": question,
        "claims": [
            {"claim": claim.claim, "url": source.url, "quote": claim.quote, "sha256": source.digest}
            for claim, source in found
        ],
        "sources": [{"url": one.url, "title": one.title, "sha256": one.digest} for one in sources],
        "unread": list(unread),
    }


def _markdown(document: dict[str, Any]) -> str:
    """Return the findings for a person; nothing of a page is taken for markup."""
    numbers = {one["url"]: number for number, one in enumerate(document["sources"], 1)}
    lines = [f"# {_plain(document['question'])}", ""]
    for one in document["claims"]:
        lines += [f"- {_plain(one['claim'])} [{numbers[one['url']]}]", f"  > {_plain(one['quote'])}"]
    lines += ["", "## Sources", ""]
    lines += [
        f"{numbers[one['url']]}. {_plain(one['title'])}: <{one['url']}> (SHA-256 {one['sha256']})"
        for one in document["sources"]
    ]
    lines += [f"- not read: {_plain(one['url'])}: {_plain(one['reason'])}" for one in document["unread"]]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
