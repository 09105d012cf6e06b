"""What an operator may choose about models that run on this machine."""

from pydantic import Field

from astrolabe.domain.value import Value


class LocalModelOptions(Value):
    """How a small model is served. More threads than idle cores make it many times slower, not faster."""

    context_tokens: int = Field(
        default=8192, ge=512, description="How much one request may hold, question and answer together."
    )
    parallel: int = Field(default=1, ge=1, le=64, description="How many requests are answered side by side.")
    threads: int = Field(default=1, ge=1, le=1024, description="How many threads compute.")
    idle_seconds: float = Field(
        default=300, gt=0, description="A model that nobody has used for so long leaves the memory."
    )
    start_seconds: float = Field(
        default=300, gt=0, description="Give up on a model that is not loaded after so long."
    )
