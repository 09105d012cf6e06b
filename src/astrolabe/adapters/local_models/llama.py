"""The process that serves weights with llama.cpp (extra `astrolabe[local]`): `python -m` this module, see `keeping.py`."""

import importlib
from typing import Any

from astrolabe.adapters.local_models.keeping import Order, become_server

LIBRARY = "xllamacpp"
_PROMPT_CACHE_MIB = 256
_ERRORS_ONLY = 1
"""Its log says nothing else: what is asked and answered is nobody's business."""
_TEMPERATURE = 0.1
"""Where a question names none. What is usual for large models has small ones stray from the files they were shown."""
_servers: list[Any] = []
"""A server ends when nothing refers to it any longer."""


def listen(order: Order) -> str:
    """Load the model and answer on a free port of loopback; return its address."""
    library: Any = importlib.import_module(
        LIBRARY
    )  # it takes long to import, and is not there without the extra
    wanted = library.CommonParams()
    wanted.model.path = order.model
    wanted.model_alias = {order.name}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.api_keys = [order.key]
    wanted.ui = False
    wanted.offline = True
    wanted.verbosity = _ERRORS_ONLY
    wanted.use_jinja = True
    wanted.cache_ram_mib = _PROMPT_CACHE_MIB
    wanted.sampling.temp = _TEMPERATURE
    wanted.n_parallel = order.parallel
    wanted.n_ctx = order.context_tokens * order.parallel  # it is divided among those answered side by side
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = order.threads
    server = library.Server(wanted)
    _servers.append(server)
    return server.listening_address


if __name__ == "__main__":
    become_server(listen)
