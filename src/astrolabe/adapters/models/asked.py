"""A question as the library takes it."""

import json
import re
from typing import Any

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.messages import Dialect, messages_of
from astrolabe.adapters.models.place import Place
from astrolabe.adapters.models.schemas import unbounded
from astrolabe.domain.conversation import Question, Shape, Speaker, said
from astrolabe.ports.model import ModelInfo

_IDS = {
    Wire.OPENAI: (re.compile(r"[ -~]{1,40}"), 40),
    Wire.OPENAI_RESPONSES: (re.compile(r"[ -~]{1,64}"), 40),
    Wire.ANTHROPIC: (re.compile(r"[a-zA-Z0-9_-]{1,64}"), 40),
    Wire.GEMINI: (re.compile(r"[ -~]{1,64}"), 40),
}
_OF_MISTRAL = (re.compile(r"[a-zA-Z0-9]{9}"), 9)
"""How each protocol wants the ids of calls written: it refuses a conversation that was begun elsewhere otherwise."""
_HARMS = {
    "harassment": "HARM_CATEGORY_HARASSMENT",
    "hate": "HARM_CATEGORY_HATE_SPEECH",
    "sexual": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "dangerous": "HARM_CATEGORY_DANGEROUS_CONTENT",
}
_THRESHOLDS = {
    "low": "BLOCK_LOW_AND_ABOVE",
    "medium": "BLOCK_MEDIUM_AND_ABOVE",
    "high": "BLOCK_ONLY_HIGH",
    "never": "BLOCK_NONE",
}


def asked(
    question: Question, info: ModelInfo, place: Place, system: str
) -> tuple[list[ModelMessage], ModelSettings, ModelRequestParameters]:
    """Return messages, settings and parameters; `system` is who the library says answers of this place come from."""
    told = question.messages
    if question.shape is not None and not info.shapes:
        told = (*told, said(Speaker.USER, _in_words(question.shape)))
    ids, length = _OF_MISTRAL if place.provider == "mistral" else _IDS[place.wire]
    messages = messages_of(told, Dialect(place.maker, system, ids, length))
    return messages, _settings(question, info, place), _parameters(question, info)


def _in_words(shape: Shape) -> str:
    schema = json.dumps(shape.json_schema)
    return f"Answer with one JSON value and nothing else. It follows this JSON Schema:\n{schema}"


def _parameters(question: Question, info: ModelInfo) -> ModelRequestParameters:
    tools = [
        ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=tool.parameters, strict=False
        )
        for tool in question.tools
    ]
    if question.shape is None or not info.shapes:
        return ModelRequestParameters(function_tools=tools)
    schema = question.shape.json_schema if info.bounds else unbounded(question.shape.json_schema)
    shape = OutputObjectDefinition(json_schema=schema, name=question.shape.name)
    return ModelRequestParameters(function_tools=tools, output_mode="native", output_object=shape)


def _settings(question: Question, info: ModelInfo, place: Place) -> ModelSettings:
    settings = ModelSettings(max_tokens=min(question.most_tokens, info.most_tokens))
    if question.temperature is not None:
        settings["temperature"] = question.temperature
    if question.must_call and question.tools:
        settings["tool_choice"] = "required"
    settings.update(_own(place))  # type: ignore[typeddict-item]
    return settings


def _own(place: Place) -> dict[str, Any]:
    """Return the settings that one protocol alone has."""
    match place.wire:
        case Wire.ANTHROPIC:
            return {
                "anthropic_cache_instructions": True,
                "anthropic_cache_tool_definitions": True,
                "anthropic_cache_messages": True,
            }
        case Wire.GEMINI if place.safety:
            safety = [
                {"category": _HARMS[harm], "threshold": _THRESHOLDS[block]}
                for harm, block in place.safety.items()
            ]
            return {"google_safety_settings": safety}
        case Wire.OPENAI_RESPONSES:
            return {"openai_store": False}
        case _:
            return {}
