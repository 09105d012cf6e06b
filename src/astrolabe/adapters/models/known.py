"""Providers that need no description: where they are, how they are spoken to, and which variable holds their key."""

from dataclasses import dataclass
from enum import StrEnum


class Wire(StrEnum):
    """How an endpoint is spoken to."""

    OPENAI = "openai"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


@dataclass(frozen=True)
class Known:
    """A provider. `variables` are those its own tools read a key from, the first found counts; `keys` is where keys are had.

    One without variables works without a key: it runs on a machine of one's own, and may take its time.
    """

    base_url: str
    variables: tuple[str, ...] = ()
    wire: Wire = Wire.OPENAI
    keys: str = ""


KNOWN: dict[str, Known] = {
    "openai": Known(
        "https://api.openai.com/v1", ("OPENAI_API_KEY",), keys="https://platform.openai.com/api-keys"
    ),
    "anthropic": Known(
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY",),
        Wire.ANTHROPIC,
        "https://console.anthropic.com/settings/keys",
    ),
    "gemini": Known(
        "https://generativelanguage.googleapis.com",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        Wire.GEMINI,
        "https://aistudio.google.com/apikey",
    ),
    "openrouter": Known(
        "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), keys="https://openrouter.ai/keys"
    ),
    "mistral": Known(
        "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), keys="https://console.mistral.ai/api-keys"
    ),
    "groq": Known("https://api.groq.com/openai/v1", ("GROQ_API_KEY",), keys="https://console.groq.com/keys"),
    "deepseek": Known(
        "https://api.deepseek.com", ("DEEPSEEK_API_KEY",), keys="https://platform.deepseek.com/api_keys"
    ),
    "together": Known(
        "https://api.together.xyz/v1", ("TOGETHER_API_KEY",), keys="https://api.together.ai/settings/api-keys"
    ),
    "fireworks": Known(
        "https://api.fireworks.ai/inference/v1",
        ("FIREWORKS_API_KEY",),
        keys="https://app.fireworks.ai/settings/users/api-keys",
    ),
    "cerebras": Known("https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",), keys="https://cloud.cerebras.ai"),
    "xai": Known("https://api.x.ai/v1", ("XAI_API_KEY",), keys="https://console.x.ai"),
    "ollama": Known("http://127.0.0.1:11434/v1"),
    "llamacpp": Known("http://127.0.0.1:8080/v1"),
    "vllm": Known("http://127.0.0.1:8000/v1"),
    "lmstudio": Known("http://127.0.0.1:1234/v1"),
}

SERVED = "local"
"""The provider of models that Astrolabe serves itself, where it has their weights; see `adapters/local_models`."""
