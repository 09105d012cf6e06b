"""The web as an agent sees it: what it was told once it is told again when its attempt is resumed."""

from collections.abc import Awaitable, Callable
from typing import Any

from astrolabe.agents.recording import Recorder
from astrolabe.domain.budget import Usage
from astrolabe.errors import AstrolabeError, FetchError
from astrolabe.ports.web import Hit, Page, Web

_ONE = Usage(tool_calls=1)


class BenchWeb:
    """Searches and pages, each a recorded step that counts as a tool call."""

    def __init__(self, web: Web, recorder: Recorder) -> None:
        self._web = web
        self._recorder = recorder

    @property
    def provider(self) -> str | None:
        """Whom searches go to; None when none is set."""
        return self._web.provider

    async def search(self, query: str, most: int) -> tuple[Hit, ...]:
        async def do() -> Any:
            return [[hit.url, hit.title, hit.snippet] for hit in await self._web.search(query, most)]

        return tuple(Hit(*hit) for hit in await self._step("web-search", query, do))

    async def fetch(self, url: str) -> Page:
        """Return a page; FetchError when it cannot be read, for whatever reason, which is recorded too."""

        async def do() -> Any:
            try:
                page = await self._web.fetch(url)
            except AstrolabeError as error:
                return {"fault": error.message, "hint": error.hint}
            text = page.content.decode(_known(page.charset), "replace")
            return {"url": page.url, "media_type": page.media_type, "text": text, "digest": page.digest}

        told = await self._step("web-page", url, do)
        if "fault" in told:
            raise FetchError(told["fault"], hint=told["hint"])
        return Page(told["url"], told["media_type"], told["text"].encode(), "utf-8", told["digest"])

    async def _step(self, kind: str, about: str, do: Callable[[], Awaitable[Any]]) -> Any:
        async def used() -> tuple[Any, Usage]:
            return await do(), _ONE

        reply, _ = await self._recorder.recorded(kind, used, reserve=_ONE, about=about)
        return reply


def _known(charset: str) -> str:
    try:
        b"".decode(charset)
    except (LookupError, ValueError):
        return "utf-8"
    return charset
