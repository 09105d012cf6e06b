"""What an operator may choose about language models."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from astrolabe.adapters.models.known import KNOWN, SERVED, Wire
from astrolabe.domain.value import Value
from astrolabe.errors import Problem
from astrolabe.ports.model import CallStyle

_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class Blocking(StrEnum):
    """From which likelihood of harm on Gemini blocks an answer."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    NEVER = "never"


def _names(told: object) -> object:
    """Take `a/b, c/d`, as it is written in a variable, for a list."""
    if isinstance(told, str):
        return [name.strip() for name in told.split(",") if name.strip()]
    return told


def _of_model(name: object) -> object:
    if not isinstance(name, str):
        return name  # pydantic says that a text is wanted
    provider, slash, model = name.partition("/")
    if not slash or not provider or not model:
        raise ValueError("names no model: it is written as provider/model")
    return name


ModelName = Annotated[str, BeforeValidator(_of_model)]
Chain = Annotated[tuple[ModelName, ...], BeforeValidator(_names)]


class Harm(StrEnum):
    """What Gemini tells apart when it blocks an answer."""

    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    DANGEROUS = "dangerous"


class PriceOptions(Value):
    """US dollars for a million tokens."""

    read: float = Field(default=0.0, ge=0, description="For what a model reads.")
    written: float = Field(default=0.0, ge=0, description="For what it writes.")
    cached: float | None = Field(
        default=None, ge=0, description="For what it reads from its cache; by default as much as `read`."
    )
    stored: float | None = Field(
        default=None, ge=0, description="For what goes into its cache; by default as much as `read`."
    )


class ProviderOptions(Value):
    """An endpoint and what is known of its models, where that is not known by itself."""

    protocol: Wire | None = Field(
        default=None, description="How it is spoken to; by default what is usual there, else OpenAI's chat."
    )
    base_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="Where it is, like http://127.0.0.1:8080/v1."
    )
    key: SecretStr | None = Field(default=None, description="Its key; better named by `key_variable`.")
    key_variable: str | None = Field(
        default=None, min_length=1, description="The environment variable that holds its key."
    )
    headers: dict[str, SecretStr] = Field(default={}, description="Headers sent with each request.")
    timeout_seconds: float | None = Field(
        default=None, gt=0, le=86_400, description="How long an answer, or the next piece of one, may take."
    )
    window: int | None = Field(
        default=None, ge=256, description="How many tokens question and answer may have together."
    )
    most_tokens: int | None = Field(default=None, ge=1, description="How many tokens an answer may have.")
    tools: bool | None = Field(default=None, description="Whether its models can call tools.")
    shapes: bool | None = Field(default=None, description="Whether they can be held to a JSON Schema.")
    streams: bool | None = Field(default=None, description="Whether they tell an answer in pieces.")
    bounds: bool | None = Field(
        default=None, description="Whether a JSON Schema may say how long texts and lists are at the most."
    )
    small: bool | None = Field(
        default=None,
        description="Whether they are asked in short; by default those whose names tell of 4 billion weights or fewer.",
    )
    prices: PriceOptions | None = Field(default=None, description="What its models cost.")
    safety: dict[Harm, Blocking] = Field(
        default={}, description="What Gemini blocks, by kind: harassment, hate, sexual, dangerous."
    )
    calls: CallStyle | None = Field(
        default=None,
        description=(
            "How its models are to ask for tools: `native`, `shape` (each answer held to a JSON Schema), `text` (JSON in "
            "words). By default it follows from `tools` and `shapes`."
        ),
    )
    calls_of: dict[str, CallStyle] = Field(
        default={}, description="The same for single models of it, by their names without the provider's."
    )

    def problems(self, place: str) -> list[Problem]:
        """Return what contradicts itself in these settings."""
        styles = {"calls": self.calls, **{f"calls_of.{name}": style for name, style in self.calls_of.items()}}
        found = [
            Problem(
                f"{place}.{name}",
                "is `native`, and `tools` says that its models can call none",
                "choose `shape` or `text`",
            )
            for name, style in styles.items()
            if style is CallStyle.NATIVE and self.tools is False
        ]
        found += [
            Problem(
                f"{place}.{name}",
                "is `shape`, and `shapes` says that they can be held to none",
                "choose `native` or `text`",
            )
            for name, style in styles.items()
            if style is CallStyle.SHAPE and self.shapes is False
        ]
        if self.safety and self.protocol not in {None, Wire.GEMINI}:
            found.append(Problem(f"{place}.safety", "is for Gemini's protocol alone", "leave it out"))
        return found


class ModelOptions(Value):
    """Which language models are used, and where they are."""

    use: Chain = Field(
        default=(), description="provider/model; each is asked when those before it have failed."
    )
    agents: dict[str, Chain] = Field(default={}, description="The same for single agents, by their names.")
    providers: dict[Annotated[str, Field(pattern=_NAME)], ProviderOptions] = Field(
        default={}, description="Endpoints, by the name that models are used with."
    )
    timeout_seconds: float = Field(
        default=120.0, gt=0, le=86_400, description="How long an answer, or the next piece of one, may take."
    )

    def problems(self) -> list[Problem]:
        """Return what is wrong between them: one place may name what another describes, so it is seen once all is read."""
        nowhere = [
            name
            for name, provider in self.providers.items()
            if name not in {*KNOWN, SERVED} and provider.base_url is None
        ]
        known = {*KNOWN, SERVED, *self.providers}
        unknown = [name for name in self.named if name.partition("/")[0] not in known]
        hint = "describe it below `providers`, or use one of " + ", ".join([*KNOWN, SERVED])
        return [
            *(
                Problem(f"models.providers.{name}", "is not known by itself", "say where it is: `base_url`")
                for name in nowhere
            ),
            *(
                problem
                for name, provider in self.providers.items()
                for problem in provider.problems(f"models.providers.{name}")
            ),
            *(Problem("models.use", f"no provider of {name!r} is known", hint) for name in unknown),
        ]

    @property
    def named(self) -> tuple[str, ...]:
        """Every model that is used, each once."""
        return tuple(dict.fromkeys([*self.use, *(name for chain in self.agents.values() for name in chain)]))
