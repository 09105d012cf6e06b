"""Text that can be kept and sent: halves of surrogate pairs, of which a broken reply or an odd file name is made, are none."""

from typing import Any, cast

from pydantic import JsonValue


def sound_text(text: str) -> str:
    """Return a text with U+FFFD in place of what is half of a character; two halves beside each other are made one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def sound(value: JsonValue) -> JsonValue:
    """Return what was told as JSON with all its texts sound; what is nested too deep to be looked through, as it is."""
    try:
        return _sound(value)
    except RecursionError:
        return value  # whoever writes it down refuses it, and says why


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return sound_text(value)
    if isinstance(value, dict):
        return {sound_text(key): _sound(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_sound(one) for one in cast("list[Any]", value)]
    return value
