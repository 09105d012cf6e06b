"""What each provider is asked and answers: docs.searxng.org/dev/search_api, api-dashboard.search.brave.com, docs.tavily.com."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from astrolabe.ports.web import Hit

_MOST_SNIPPET = 2000
Asked = tuple[str, str, Mapping[str, str], bytes | None]
"""Method, address, headers, body."""


@dataclass(frozen=True)
class Provider:
    """How one provider is spoken to."""

    base_url: str
    request: Callable[[str, str, int, str], Asked]
    hits: Callable[[Any], Iterator[Hit]]


def _searxng(base: str, query: str, _most: int, key: str) -> Asked:
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    return "GET", f"{base}/search?{urlencode({'q': query, 'format': 'json'})}", headers, None


def _brave(base: str, query: str, most: int, key: str) -> Asked:
    headers = {"Accept": "application/json", "X-Subscription-Token": key}
    return (
        "GET",
        f"{base}/res/v1/web/search?{urlencode({'q': query[:400], 'count': min(most, 20)})}",
        headers,
        None,
    )


def _tavily(base: str, query: str, most: int, key: str) -> Asked:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    body = json.dumps({"query": query[:400], "max_results": min(most, 20)}).encode()
    return "POST", f"{base}/search", headers, body


def _results(*path: str, snippet: str) -> Callable[[Any], Iterator[Hit]]:
    def read(document: Any) -> Iterator[Hit]:
        for step in path:
            document = cast("dict[str, Any]", document).get(step) if isinstance(document, dict) else None
        for one in cast("list[Any]", document) if isinstance(document, list) else []:
            fields = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
            if isinstance(fields.get("url"), str):
                title, told = str(fields.get("title") or ""), str(fields.get(snippet) or "")
                yield Hit(fields["url"], title[:300], told[:_MOST_SNIPPET])

    return read


PROVIDERS: Mapping[str, Provider] = {
    "searxng": Provider("", _searxng, _results("results", snippet="content")),
    "brave": Provider(
        "https://api.search.brave.com", _brave, _results("web", "results", snippet="description")
    ),
    "tavily": Provider("https://api.tavily.com", _tavily, _results("results", snippet="content")),
}
