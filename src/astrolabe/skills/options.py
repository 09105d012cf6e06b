"""What an operator may choose about skills."""

from typing import Literal

from pydantic import Field

from astrolabe.domain.value import Value


class SkillOptions(Value):
    """Whether skills are used, and how they are matched with tasks."""

    enabled: bool = Field(
        default=True, description="Put skills that fit a task before the model that works on it."
    )
    embedder: Literal["auto", "minilm", "wordllama", "none"] = Field(
        default="auto",
        description=(
            "What ranks skills by meaning; the first three need the extra `embeddings`. `minilm` is the most apt and is "
            "fetched when it is missing (105 MB), `wordllama` comes with the extra, `none` ranks by words. `auto` takes the "
            "first of them that is there without fetching."
        ),
    )
