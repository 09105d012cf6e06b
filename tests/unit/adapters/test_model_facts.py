"""What is known of a model before it is asked, and how a schema is sent to it."""

from typing import Any

import pytest

from astrolabe.adapters.models.facts import info_of, is_small
from astrolabe.adapters.models.options import ProviderOptions
from astrolabe.adapters.models.schemas import unbounded


@pytest.mark.parametrize(
    "name",
    [
        "qwen2.5-coder:1.5b",
        "llama3.2:3b",
        "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        "smollm2-135m",
        "phi:2.7b-chat",
    ],
)
def test_a_name_tells_that_a_model_is_small(name: str) -> None:
    assert is_small(name)


@pytest.mark.parametrize(
    "name",
    [
        "gpt-5-mini",
        "qwen2.5-7b-instruct-1m",
        "qwen3-30b-a3b",
        "mixtral-8x7b",
        "claude-sonnet-4-5",
        "glm-1m",
        "o3",
        "7b",
    ],
)
def test_a_name_that_tells_of_more_or_of_nothing_is_no_small_model_s(name: str) -> None:
    assert not is_small(name)


@pytest.mark.parametrize(
    ("name", "options", "small", "bounds"),
    [
        ("ollama/qwen2.5-coder:1.5b", {}, True, True),
        ("ollama/qwen2.5-coder:14b", {}, False, True),
        ("openai/gpt-5", {}, False, False),
        ("openai/gpt-5", {"small": True}, True, True),
        ("ollama/some:1b", {"small": False, "bounds": False}, False, False),
    ],
)
def test_settings_count_before_what_is_guessed(
    name: str, options: dict[str, Any], *, small: bool, bounds: bool
) -> None:
    info = info_of(name, "http://127.0.0.1/v1", ProviderOptions.model_validate(options))
    assert (info.small, info.bounds) == (small, bounds)


def test_bounds_are_left_out_of_a_schema_and_properties_that_are_called_like_them_are_not() -> None:
    text = {"type": "string", "maxLength": 9, "description": "maxLength"}
    fields = {"maxItems": text, "list": {"type": "array", "items": text, "maxItems": 3, "minItems": 1}}
    schema = {"anyOf": [{"type": "object", "properties": fields, "required": ["maxItems", "list"]}]}
    plain = {"type": "string", "description": "maxLength"}
    bare = {"maxItems": plain, "list": {"type": "array", "items": plain}}
    assert unbounded(schema) == {
        "anyOf": [{"type": "object", "properties": bare, "required": ["maxItems", "list"]}]
    }
