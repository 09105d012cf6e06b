"""JSON that foreign tools wrote: read so that what comes of it can always be kept and written again."""

import json
import re

_HALF_CHARACTERS = re.compile(r"\\u[dD][89a-fA-F]")


def json_of(text: str) -> object:
    """Return what a text holds; halves of characters, which JavaScript writes where it cut a text, become U+FFFD.

    Raises:
        ValueError: it is no JSON, or nested too deep to be a report of anything.
    """
    try:
        value: object = json.loads(text)
        if _HALF_CHARACTERS.search(text):
            written = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
            value = json.loads(written.decode("utf-16", "replace"))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    return value
