"""Fuzz one target, guided by what its code has not done yet (atheris): guided.py TARGET INPUTS SECONDS FOLDER SEED.

SECONDS are of CPU. The result stands in FOLDER as JSON; the process ends by itself.
"""

import os
import sys
import time
from pathlib import Path

import atheris

_INCLUDED = ["astrolabe", "json_repair", "yaml", "cronsim"]
_OF_WIRES = ["pydantic_ai.models", "pydantic_ai._parts_manager"]
_OF_ONE = 4.0
"""Seconds of CPU that one input may take here, where every branch is counted; see `growth.py` for the true figure."""


def main() -> None:
    name, inputs, seconds, place, seed = sys.argv[1:]
    folder = Path(place)
    with atheris.instrument_imports(include=_INCLUDED + _OF_WIRES * name.startswith("stream-")):
        from catalogue import target_of

        target = target_of(name)
    from judging import Judge

    judge = Judge(target, folder, _OF_ONE)
    corpus, seeds = folder / "corpus", folder / "seeds"
    for one in (corpus, seeds):
        one.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (seeds / str(number)).write_bytes(data[: target.most])
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    judge.watch()
    most, limit, began = int(inputs), float(seconds), time.process_time()

    def one(data: bytes) -> None:
        judge.spent(data)
        if judge.inputs >= most or time.process_time() - began > limit:
            judge.tell("guided")
            sys.stdout.flush()
            os._exit(0)

    options = ["-runs=-1", f"-max_len={target.most}", f"-dict={words}", "-rss_limit_mb=0", "-timeout=600", f"-seed={seed}", "-print_final_stats=0", "-verbosity=0", "-len_control=20"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus), str(seeds)], one)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
