"""The shapes of secrets.

Each rule looks only where one of its `signs` stands, a literal that is found at the speed of memory, and there in a bounded
number of steps: so the time of a scan grows with the length of the text and with nothing else.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from astrolabe.domain.secrets.likeness import is_placeholder, is_random, says_placeholder


@dataclass(frozen=True)
class Rule:
    """`pattern` is matched where a sign begins; its group `value`, or all of it, is the secret when `judge` says so.

    Signs are written in small letters and found in any; `exact` ones as they stand.
    """

    name: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    judge: Callable[[re.Match[str]], bool]
    exact: bool = True


def _value(found: re.Match[str]) -> str:
    return found["value"]


_BEFORE = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""The end of a word, of an escape as JSON has it, or of one as URLs have it."""


def _token(name: str, *signs: str, rest: str) -> Rule:
    """Return the rule for keys that begin with one of `signs`, go on as `rest`, and are not part of a longer word."""
    return Rule(name, signs, re.compile(rf"{_BEFORE}(?P<value>{rest})"), _is_real)


def _is_real(found: re.Match[str]) -> bool:
    return not is_placeholder(_value(found))


def _is_random_value(found: re.Match[str]) -> bool:
    return is_random(_value(found))


_NO_PASSWORDS = frozenset(
    {"pass", "passwd", "password", "pwd", "secret", "user", "username", "root", "admin", "postgres", "token"}
)


def _is_password(found: re.Match[str]) -> bool:
    """Pass over what stands for a password in documentation, in templates and in development databases."""
    value, user = _value(found), found["user"]
    template = value[0] in "$<{[%*&" or value.endswith(("}", ">"))
    return not (template or value == user or value.lower() in _NO_PASSWORDS or says_placeholder(value))


_NOWHERE = re.compile(
    r"(?:localhost|host|hostname|127\.\d+\.\d+\.\d+|\[::1\]|(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost))(?![\w.-])",
    re.IGNORECASE,
)
"""Hosts that are this machine, or none (RFC 2606): what opens them opens nothing of anybody's."""


def _is_password_somewhere(found: re.Match[str]) -> bool:
    return _is_password(found) and not _NOWHERE.match(found.string, found.end())


_END = r"(?![A-Za-z0-9])"
_WORD = r"[A-Za-z0-9_-]"
_WHOSE_KEY = "|".join(
    rf"(?<={whose})key|(?<={whose}[_-])key"
    for whose in ("api", "access", "account", "private", "secret", "signing", "encryption", "master")
)
_ASSIGNED = re.compile(
    rf"(?:password|passwd|secret|token|credential|auth|{_WHOSE_KEY})"
    r"[A-Za-z0-9_.-]{0,40}+(?:\\?[\"'`])?\]?[ \t]{0,8}+(?::=|=>|=|:)[ \t]{0,8}+(?:\\?[\"'`])?"
    r"(?P<value>[A-Za-z0-9+/_-]{20,256}+={0,2})(?![A-Za-z0-9+/=_.(\[-])",
    re.IGNORECASE,
)
_SIGNS_OF_NAMES = ("password", "passwd", "secret", "token", "key", "credential", "auth")

RULES: tuple[Rule, ...] = (
    _token("AWS access key", "AKIA", "ASIA", rest=rf"A[KS]IA[A-Z2-7]{{16}}{_END}"),
    _token(
        "GitHub token", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", rest=rf"gh[pousr]_[A-Za-z0-9]{{36,255}}{_END}"
    ),
    _token("GitHub token", "github_pat_", rest=r"github_pat_[A-Za-z0-9_]{40,255}"),
    _token("GitLab token", "glpat-", "gldt-", "glptt-", "glrt-", rest=rf"gl[a-z]{{2,3}}-{_WORD}{{20,255}}"),
    _token("Slack token", "xox", "xapp-", rest=r"(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,250}"),
    _token(
        "Slack webhook",
        "hooks.slack.com/",
        rest=r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{30,200}",
    ),
    _token(
        "Stripe key",
        "sk_live_",
        "rk_live_",
        "whsec_",
        rest=r"(?:[sr]k_live_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,100})",
    ),
    _token("Anthropic key", "sk-ant-", rest=rf"sk-ant-{_WORD}{{20,250}}"),
    _token("OpenRouter key", "sk-or-", rest=rf"sk-or-{_WORD}{{20,250}}"),
    _token(
        "OpenAI key",
        "sk-",
        rest=rf"sk-(?!ant-|or-)(?:(?:proj|svcacct|admin)-{_WORD}{{20,250}}|[A-Za-z0-9]{{32,250}}{_END})",
    ),
    _token("Google key", "AIza", rest=rf"AIza{_WORD}{{35}}(?!{_WORD})"),
    _token("Google token", "ya29.", rest=rf"ya29\.{_WORD}{{20,2000}}"),
    _token("Groq key", "gsk_", rest=rf"gsk_[A-Za-z0-9]{{32,100}}{_END}"),
    _token("xAI key", "xai-", rest=rf"xai-[A-Za-z0-9]{{32,150}}{_END}"),
    _token("Hugging Face token", "hf_", rest=rf"hf_[A-Za-z0-9]{{30,60}}{_END}"),
    _token("npm token", "npm_", rest=rf"npm_[A-Za-z0-9]{{36}}{_END}"),
    _token("PyPI token", "pypi-", rest=rf"pypi-A{_WORD}{{50,1000}}"),
    _token("SendGrid key", "SG.", rest=rf"SG\.{_WORD}{{20,24}}\.{_WORD}{{39,50}}"),
    _token("DigitalOcean token", "dop_v1_", rest=rf"dop_v1_[a-f0-9]{{64}}{_END}"),
    _token(
        "JSON web token",
        "eyJ",
        rest=rf"(?<!-)eyJ{_WORD}{{8,4096}}+\.eyJ{_WORD}{{8,8192}}+\.{_WORD}{{16,1024}}+",
    ),
    Rule(
        "password in a URL",
        ("://",),
        re.compile(r"://(?P<user>[^\s/:@\"'<>`]{0,100}+):(?P<value>[^\s/@\"'<>`]{3,200}+)@"),
        _is_password_somewhere,
    ),
    Rule(
        "authorization header",
        ("bearer ", "basic "),
        re.compile(r"(?:bearer|basic) {1,4}(?P<value>[A-Za-z0-9._~+/=-]{16,4096}+)", re.IGNORECASE),
        _is_random_value,
        exact=False,
    ),
    Rule(
        "password of a netrc file",
        ("machine ",),
        re.compile(
            r"machine\s{1,8}\S{1,255}+\s{1,8}login\s{1,8}(?P<user>\S{1,255}+)\s{1,8}password\s{1,8}(?P<value>\S{3,255}+)"
        ),
        _is_password,
    ),
    Rule("assigned value", _SIGNS_OF_NAMES, _ASSIGNED, _is_random_value, exact=False),
)
"""In this order; where two find the same, the first names it."""
