"""The same question in each protocol."""

from collections.abc import Mapping
from typing import Any

from astrolabe.testing.models import WireName

QUESTIONS: Mapping[WireName, tuple[str, dict[str, Any]]] = {
    WireName.CHAT: ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello."}]}),
    WireName.RESPONSES: ("/v1/responses", {"input": "Hello."}),
    WireName.ANTHROPIC: (
        "/v1/messages",
        {"max_tokens": 9, "messages": [{"role": "user", "content": "Hello."}]},
    ),
    WireName.GEMINI: ("/v1beta/models/m", {"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]}),
}


def question(wire: WireName, *, streamed: bool) -> tuple[str, dict[str, Any]]:
    """Return where and how to ask something in a protocol."""
    path, body = QUESTIONS[wire]
    if wire is WireName.GEMINI:
        return path + (":streamGenerateContent?alt=sse" if streamed else ":generateContent"), body
    return path, {"model": "m", "stream": streamed, **body}
