"""The scripted model server as a process of its own, so that it outlives the clients that tests kill.

    python -m astrolabe.testing.model_server --script turns.json --key test --record asked.jsonl

prints one line of JSON, `{"url": "http://127.0.0.1:40123", "openai_url": "http://127.0.0.1:40123/v1"}`, as soon as it serves,
and ends on SIGTERM or SIGINT. `turns.json` is what `Script.write` writes: a list of turns with
the fields of `Turn`. A gate of theirs is opened by `POST /-/gates/NAME`; `GET` answers once a reply stands at it.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from astrolabe.errors import InputError
from astrolabe.testing.models import ModelServer, Script


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; 2 if there is nothing to serve."""
    options = _parser().parse_args(arguments)
    try:
        script = Script.read(options.script)
        server = ModelServer(
            script, key=options.key, models=options.model, record=options.record, port=options.port
        )
        _serve(server)
    except (InputError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _serve(server: ModelServer) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server:
            sys.stdout.write(json.dumps({"url": server.url, "openai_url": server.openai_url}) + "\n")
            sys.stdout.flush()
            signal.pause()
    except KeyboardInterrupt:
        return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m astrolabe.testing.model_server", description="Serve scripted models over HTTP."
    )
    parser.add_argument("--script", type=Path, required=True, help="JSON file with the turns")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 for any that is free")
    parser.add_argument("--key", default="", help="refuse requests without this key")
    parser.add_argument("--model", action="append", default=[], help="serve only models of these names")
    parser.add_argument("--record", type=Path, help="append what is asked to this file, a JSON object a line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
