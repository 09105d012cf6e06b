"""all-MiniLM-L6-v2 with weights of 8 bits, run by onnxruntime on one thread."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from tokenizers import Tokenizer

from astrolabe.errors import UnavailableError
from astrolabe.retrieval.directions import Floats, packed

LONGEST_TOKENS = 256
"""What the model was trained for; of a longer text, only the beginning counts."""


class MiniLm:
    """The model in a folder with `model.onnx` and `tokenizer.json`; it is loaded when it is first asked."""

    name = "minilm-l6-int8"
    dimensions = 384
    related = 0.22
    """Nineteen of twenty skills that have nothing to do with a query stay below (`benchmarks/retrieval`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """See `Embedder.embed`. One text at a time: the steps between 8 bits would depend on a text's neighbours."""
        if not texts:
            return []
        return packed(np.concatenate([self._one(text) for text in texts]))

    @cached_property
    def _loaded(self) -> tuple[Any, Tokenizer]:
        try:
            runtime: Any = onnxruntime
            options = runtime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            providers = ["CPUExecutionProvider"]
            session = runtime.InferenceSession(str(self._folder / "model.onnx"), options, providers=providers)
            tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:
            hint = f"Remove {self._folder}; it is fetched again."
            raise UnavailableError(f"the embedding model cannot be loaded: {error}", hint=hint) from error
        tokenizer.enable_truncation(LONGEST_TOKENS)  # pyright: ignore[reportUnknownMemberType]
        tokenizer.no_padding()
        return session, tokenizer

    def _one(self, text: str) -> Floats:
        session, tokenizer = self._loaded
        tokens = np.array([tokenizer.encode(text).ids], np.int64)
        known = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        asked = {one.name: known[one.name] for one in session.get_inputs()}
        (answer, *_) = session.run(None, asked)
        told: Floats = np.asarray(answer, np.float32)
        return told.mean(axis=1) if told.ndim > 2 else told  # noqa: PLR2004 - a direction for each token
