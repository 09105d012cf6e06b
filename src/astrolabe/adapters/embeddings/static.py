"""The directions of words in the package `wordllama`, summed over a text: less apt than a model, and there at once.

Only its data is read: importing the package would set up this process's logging.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from astrolabe.errors import UnavailableError, without_extra
from astrolabe.retrieval.directions import Floats, packed

_WEIGHTS, _TOKENIZER = "weights/l2_supercat_256.safetensors", "tokenizers/l2_supercat_tokenizer_config.json"
_LONGEST_TOKENS = 512


class StaticWords:
    """Loaded when it is first asked."""

    name = "wordllama-l2-256"
    dimensions = 256
    related = 0.18

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """See `Embedder.embed`."""
        if not texts:
            return []
        rows, tokenizer = self._loaded
        told = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return packed(np.stack([_mean(rows, one.ids[:_LONGEST_TOKENS]) for one in told]))

    @cached_property
    def _loaded(self) -> tuple[Floats, Tokenizer]:
        spec = find_spec("wordllama")
        folder = Path((spec.submodule_search_locations or [""])[0]) if spec else Path()
        try:
            tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
            rows = _tensor(folder / _WEIGHTS)
        except Exception as error:
            hint = without_extra("embeddings") + "."
            raise UnavailableError(f"the directions of words cannot be loaded: {error}", hint=hint) from error
        tokenizer.no_padding()
        return rows, tokenizer


def _mean(rows: Floats, tokens: Sequence[int]) -> Floats:
    known = [token for token in tokens if token < len(rows)]
    told = np.zeros(rows.shape[1:], np.float32)
    for token in known:
        told += rows[token]
    return told


def _tensor(file: Path) -> Floats:
    """Return the one tensor of a safetensors file: eight bytes with the length of a head in JSON, the head, the numbers."""
    data = file.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    told = json.loads(data[8:end])["embedding.weight"]
    first, last = told["data_offsets"]
    numbers = np.frombuffer(data, np.float16, offset=end + first, count=(last - first) // 2)
    return numbers.reshape(told["shape"]).astype(np.float32)
