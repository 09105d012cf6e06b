"""The values that a file of secrets holds: there, what is assigned to a name like `DB_PASSWORD` is one, however it looks."""

import re

from astrolabe.domain.secrets.likeness import says_placeholder

_ASSIGNED = re.compile(
    r"^[ \t]*(?:export[ \t]+|//[^\s=]{0,200}:)?[\"']?(?P<name>[\w.-]{1,100}?)[\"']?[ \t]*[=:][ \t]*(?P<value>\S[^\n]{0,500})$",
    re.MULTILINE,
)
_SECRET = re.compile(
    r"(?:key|token|secret|password|passwd|passphrase|pass|pwd|credentials?)\Z", re.IGNORECASE
)
_PASSWORD = re.compile(r"pass(?:word|wd|phrase)?\Z|pwd\Z|secret\Z", re.IGNORECASE)
_QUOTED = re.compile(r"(?P<quote>[\"'])(?P<value>.*?)(?P=quote)")
_WORD = re.compile(r"[a-z]+|[A-Z]+|\d+")
_FEWEST = 6


def values_kept(text: str) -> tuple[str, ...]:
    """Return the secrets that a file like `.env`, `.npmrc` or `.pypirc` assigns to names.

    A plain word is none, unless the name is that of a password: to hide a word wherever it stands would hide what is no secret.
    """
    found = [(one["name"], _bare(one["value"])) for one in _ASSIGNED.finditer(text)]
    return tuple(
        dict.fromkeys(value for name, value in found if _SECRET.search(name) and _counts(name, value))
    )


def _bare(value: str) -> str:
    if quoted := _QUOTED.match(value):
        return quoted["value"]
    return re.split(r"\s+#", value, maxsplit=1)[0].strip().rstrip(",")


def _counts(name: str, value: str) -> bool:
    template = value[:1] in "$<{[%*&" or says_placeholder(value)
    plain = bool(_WORD.fullmatch(value)) and not _PASSWORD.search(name)
    return len(value) >= _FEWEST and not template and not plain and value.lower() != "password"
