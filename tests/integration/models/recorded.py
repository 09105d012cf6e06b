"""What a recorded reply says, read from the recording alone: what the adapter makes of it is held against this."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.adapters.models.known import Wire
from astrolabe.domain.conversation import Finish, TokenUse
from astrolabe.testing.models import Recording

Calls = list[tuple[str, Any]]
"""Names and arguments of tools."""


@dataclass
class Meant:
    """What was said and what it cost."""

    text: str = ""
    thinking: str = ""
    calls: Calls = field(default_factory=Calls)
    finish: Finish = Finish.OTHER
    use: TokenUse = field(default_factory=TokenUse)


FINISHES = {
    "stop": Finish.STOP,
    "completed": Finish.STOP,
    "end_turn": Finish.STOP,
    "length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "max_output_tokens": Finish.LENGTH,
    "tool_calls": Finish.TOOLS,
    "tool_use": Finish.TOOLS,
    "function_call": Finish.TOOLS,  # an answer to requests of before there were tools, which nobody makes any more
    "content_filter": Finish.REFUSED,
}


def meant(recording: Recording) -> Meant:
    """Return what a recorded reply says."""
    told = recording.told
    return READERS[recording.path](told if isinstance(told, list) else [told])


def chat(told: list[Any]) -> Meant:
    """Read a chat completion, whole or in pieces."""
    out, calls = Meant(), dict[int, dict[str, str]]()
    for each in told:
        out.use = _chat_use(each.get("usage") or {}) if each.get("usage") else out.use
        for choice in each["choices"][:1]:
            said = choice.get("message") or choice.get("delta") or {"content": choice.get("text")}
            out.text += (said.get("content") or "") + (said.get("refusal") or "")
            out.thinking += said.get("reasoning_content") or said.get("reasoning") or ""
            out.finish = FINISHES.get(choice.get("finish_reason") or "", out.finish)
            out.finish = Finish.REFUSED if said.get("refusal") else out.finish
            for place, call in enumerate(said.get("tool_calls") or []):
                _add(
                    calls.setdefault(call.get("index", place), {"name": "", "arguments": ""}),
                    call["function"],
                )
    return _called(out, [(call["name"], json.loads(call["arguments"])) for call in calls.values()])


def responses(told: list[Any]) -> Meant:
    """Read a response; of a stream its last event holds all."""
    whole = told[-1].get("response") or told[-1]
    use = whole["usage"]
    cached = use["input_tokens_details"]["cached_tokens"]
    out = Meant(use=TokenUse(read=use["input_tokens"], written=use["output_tokens"], cached=cached))
    calls: Calls = []
    for item in whole["output"]:
        if item["type"] == "message":
            out.text += "".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
        elif item["type"] == "function_call":
            calls.append((item["name"], json.loads(item["arguments"])))
        elif item["type"] == "reasoning":
            out.thinking += "".join(part["text"] for part in item["summary"])
    details = whole["incomplete_details"] or {}
    out.finish = FINISHES[details.get("reason") or whole["status"]]
    return _called(out, calls)


def anthropic(told: list[Any]) -> Meant:
    """Read a message, whole or as the events that build it."""
    if told[0]["type"] == "message":
        return _message(told[0])
    (whole,) = (each["message"] for each in told if each["type"] == "message_start")
    blocks: dict[int, dict[str, Any]] = {}
    for each in told:
        if each["type"] == "content_block_start":
            blocks[each["index"]] = dict(each["content_block"])
        elif each["type"] == "content_block_delta":
            _grow(blocks[each["index"]], each["delta"])
        elif each["type"] == "message_delta":
            whole |= {"stop_reason": each["delta"]["stop_reason"], "usage": whole["usage"] | each["usage"]}
    return _message(whole | {"content": list(blocks.values())})


def ollama(told: list[Any]) -> Meant:
    """Read what Ollama says in its own protocol, whole or in lines."""
    out, calls, last = Meant(), Calls(), told[-1]
    for each in told:
        message = each.get("message") or {"content": each["response"]}
        out.text += message["content"]
        calls += [
            (call["function"]["name"], call["function"]["arguments"])
            for call in message.get("tool_calls") or []
        ]
    out.use = TokenUse(read=last.get("prompt_eval_count", 0), written=last.get("eval_count", 0))
    out.finish = FINISHES[last.get("done_reason") or "stop"]
    return _called(out, calls)


READERS: Mapping[str, Callable[[list[Any]], Meant]] = {
    "/v1/chat/completions": chat,
    "/v1/completions": chat,
    "/v1/responses": responses,
    "/v1/messages": anthropic,
    "/api/chat": ollama,
    "/api/generate": ollama,
}
WIRES = {
    "/v1/chat/completions": Wire.OPENAI,
    "/v1/responses": Wire.OPENAI_RESPONSES,
    "/v1/messages": Wire.ANTHROPIC,
}
"""What the adapter speaks of it."""


def _chat_use(use: dict[str, Any]) -> TokenUse:
    details = use.get("prompt_tokens_details") or {}
    cached = details.get("cached_tokens") or 0
    return TokenUse(read=use["prompt_tokens"], written=use["completion_tokens"], cached=cached)


def _message(whole: dict[str, Any]) -> Meant:
    blocks, use = whole["content"], whole["usage"]
    stored, cached = use.get("cache_creation_input_tokens") or 0, use.get("cache_read_input_tokens") or 0
    out = Meant(
        text="".join(block["text"] for block in blocks if block["type"] == "text"),
        thinking="".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        finish=FINISHES[whole["stop_reason"]],
        use=TokenUse(
            read=use["input_tokens"] + stored + cached,
            written=use["output_tokens"],
            cached=cached,
            stored=stored,
        ),
    )
    return _called(out, [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"])


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    if "partial_json" in delta:
        block["written"] = block.get("written", "") + delta["partial_json"]
        block["input"] = json.loads(block["written"]) if _is_json(block["written"]) else {}
    else:
        name = next(name for name in ("text", "thinking", "signature") if name in delta)
        block[name] = block.get(name, "") + delta[name]


def _is_json(written: str) -> bool:
    try:
        json.loads(written)
    except ValueError:
        return False
    return True


def _add(call: dict[str, str], piece: dict[str, Any]) -> None:
    for name in call:
        call[name] += piece.get(name) or ""


def _called(out: Meant, calls: Iterable[tuple[str, Any]]) -> Meant:
    out.calls = list(calls)
    if out.calls and out.finish is Finish.STOP:
        out.finish = Finish.TOOLS
    return out
