"""Finding secrets and taking them out. Every key here is put together when a test runs: none lies in this repository."""

import base64
import hashlib
import itertools
import json
import random
import string
import time
import uuid
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from astrolabe.domain.secrets.kept import values_kept
from astrolabe.domain.secrets.redaction import Redactor, redact
from astrolabe.domain.secrets.scanning import found_in, line_of

WORD = string.ascii_letters + string.digits
LONG = settings(max_examples=100, deadline=None)


def made(count: int, letters: str = WORD) -> str:
    chosen = random.Random(f"{count}{letters}")
    return "".join(chosen.choice(letters) for _ in range(count))


def segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


TOKENS = {
    "AWS access key": "AKIA" + made(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "GitHub token": "ghp_" + made(36),
    "GitLab token": "glpat-" + made(20),
    "Slack token": "xoxb-" + made(12, string.digits) + "-" + made(24),
    "Slack webhook": "hooks.slack.com/services/T" + made(9) + "/B" + made(9) + "/" + made(24),
    "Stripe key": "sk_live_" + made(24),
    "Anthropic key": "sk-ant-api03-" + made(93),
    "OpenRouter key": "sk-or-v1-" + made(64, "0123456789abcdef"),
    "OpenAI key": "sk-proj-" + made(64),
    "Google key": "AIza" + made(35),
    "Google token": "ya29." + made(60),
    "Groq key": "gsk_" + made(52),
    "xAI key": "xai-" + made(80),
    "Hugging Face token": "hf_" + made(34),
    "npm token": "npm_" + made(36),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + made(80),
    "SendGrid key": "SG." + made(22) + "." + made(43),
    "DigitalOcean token": "dop_v1_" + made(64, "0123456789abcdef"),
    "JSON web token": ".".join((segment('{"alg":"HS256"}'), segment('{"sub":"1234"}'), made(43))),
}
KEY = "\n".join(made(64, WORD + "+/") for _ in range(4))
BLOCK = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("rule", TOKENS)
@pytest.mark.parametrize(
    "around", ["{}", "a {} b", '"{}",', "key={}&x=1", "\\n{}\\n", "x%3D{}%0A", "é{}\n", "<b>{}</b>"]
)
def test_a_providers_key_is_found_wherever_it_stands(rule: str, around: str) -> None:
    text = around.format(TOKENS[rule])
    assert TOKENS[rule] not in redact(text)
    assert f"[secret: {rule}]" in redact(text)


CONTEXTS = {
    "password = '{}'": made(24),
    'API_KEY="{}"': made(40),
    "aws_secret_access_key = {}": made(40, WORD + "+/"),
    '{{"clientSecret": "{}"}}': made(32, "0123456789abcdef"),
    "client-token: {}\n": made(30),
    '{{\\"authToken\\": \\"{}\\"}}': made(30),
    "Authorization: Bearer {}": made(40),
    "curl -H 'authorization: basic {}'": base64.b64encode(b"ada:" + made(20).encode()).decode(),
    "postgresql://ada:{}@db.internal:5432/x": "Sw0rd!fish",
    "https://x-access-token:{}@github.com/a/b": made(30),
    "machine api.host.io login ada password {}": "tr0ub4dor",
}


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_value_is_a_secret_by_what_stands_before_it(context: str) -> None:
    text = context.format(CONTEXTS[context])
    assert CONTEXTS[context] not in redact(text)
    assert redact(text).startswith(text[:4])


HARMLESS = [
    "sk-test-" + made(30),
    "sk_test_" + made(24),
    "AKIAIOSFODNN7" + "EXAMPLE",
    "ghp_" + "x" * 36,
    "password = os.environ['DATABASE_PASSWORD_2']",
    "token = getAccessTokenFromHeaderV2(request)",
    "SOCKS5_AUTH_TOKEN = SOCKS5_NO_ACCEPTABLE_AUTH",
    f'"integrity": "sha512-{base64.b64encode(hashlib.sha512(b"1").digest()).decode()}"',
    f"checksum = {hashlib.sha256(b'1').hexdigest()}",
    f"token: {uuid.UUID(int=2**127 + 12345678901234567890)}",
    "postgres://user:password@db/app",
    "postgres://app:s3cret@localhost/app",
    "redis://:${REDIS_PASSWORD}@cache:6379",
    "https://user:<token>@host.io/",
    "API_KEY=your-api-key-goes-here-123456789",
    "if '-----BEGIN PRIVATE KEY-----' in text:",
    "git commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "the task is risk-free; disk-usage and ask-for-help-with-the-installation-of-version-2",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_a_private_key_goes_whole_however_it_is_written() -> None:
    for text in (f"a\n{BLOCK}\nb", json.dumps({"key": BLOCK}), BLOCK[:-60], f"{BLOCK}\n{BLOCK}"):
        assert not any(line in redact(text) for line in KEY.split("\n")[:2])
        assert "private key" in redact(text)
    assert redact(f"a\n{BLOCK}\nb").startswith("a\n[secret: private key]")


ENCODINGS: list[Callable[[str], str]] = [
    lambda value: value,
    lambda value: quote(value, safe=""),
    quote_plus,
    lambda value: json.dumps(value)[1:-1],
    lambda value: value.encode().hex(),
]


@LONG
@example(secret='0000000"', before="", encoding=ENCODINGS[-2])
@given(
    secret=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=8, max_size=40),
    before=st.text(max_size=9),
    encoding=st.sampled_from(ENCODINGS),
)
def test_what_the_operator_uses_is_taken_out_in_every_encoding(
    secret: str, before: str, encoding: Callable[[str], str]
) -> None:
    before = before.encode("utf-8", "replace").decode()
    encoded = encoding(secret)
    assert encoded not in Redactor([secret]).redacted(f"{before} {encoded} after").replace(
        "[secret: configured value]", ""
    )


@LONG
@given(secret=st.binary(min_size=9, max_size=60), before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_what_the_operator_uses_is_taken_out_within_base64(
    secret: bytes, before: bytes, after: bytes
) -> None:
    value = secret.hex()
    encoded = base64.b64encode(before + value.encode() + after).decode()
    left = Redactor([value]).redacted(encoded).split("[secret: configured value]")
    assert len(left) > 1
    assert value[4:-4] not in "".join(
        base64.b64decode(part[: len(part) // 4 * 4] or "").decode("latin-1") for part in left
    )


@LONG
@given(st.lists(st.sampled_from([*TOKENS.values(), BLOCK, *HARMLESS, " ", "\n", "=", '"', "://a:b@"])))
def test_taking_out_is_done_once_and_says_where(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    once = redact(text)
    assert redact(once) == once
    found = found_in(text)
    assert all(one.end <= after.start for one, after in itertools.pairwise(found))
    assert [line_of(text, one) for one in found] == [text[: one.start].count("\n") + 1 for one in found]


@LONG
@given(st.text())
def test_any_text_can_be_scanned(text: str) -> None:
    assert TOKENS["npm token"] not in redact(f"{text}\n{TOKENS['npm token']}")


def test_json_is_redacted_through_and_through() -> None:
    token = TOKENS["GitHub token"]
    value: dict[str, JsonValue] = {"a": [token, 1, None, {"b": f"x {token}"}], token: True}
    assert token not in json.dumps(Redactor().redacted_json(value))


WORST = [
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----" + "A" * 50,
    "eyJ",
    "eyJaaaaaaaaaa.",
    "-eyJ",
    "sk-",
    "sk-ant-",
    "pypi-A",
    "auth",
    "auth=",
    "token: ",
    "secret[",
    "://",
    "://a:",
    "://a:bbb",
    "://a:bbb@a.",
    "bearer ",
    "machine a login b ",
    "key",
    "é",
    "-----END ",
]


@pytest.mark.parametrize("piece", WORST)
def test_no_text_takes_more_than_its_length(piece: str) -> None:
    """Four times the text takes about four times as long; what grows with the square would take sixteen times."""
    small, large = (min(seconds(piece, size) for _ in range(3)) for size in (50_000, 200_000))
    assert large < 9 * small + 0.01


def seconds(piece: str, size: int) -> float:
    text = piece * (size // len(piece))
    started = time.process_time()
    found_in(text, ["configured value"])
    return time.process_time() - started


def test_what_a_file_of_secrets_assigns_is_known_however_it_looks() -> None:
    kept = values_kept(
        "DB_PASS=correct horse battery\nexport MAIL_PASSWORD=\"Winter2024!\"  # old\n'secret': 'zzzz9999',\n"
        "//registry.npmjs.org/:_authToken=abc123def456\npassword = hunterhunter\n"
    )
    assert kept == ("correct horse battery", "Winter2024!", "zzzz9999", "abc123def456", "hunterhunter")
    assert (
        values_kept("PORT=8080\nCACHE_KEY=sessions\nTOKEN=your-token-here\nSECRET=${OTHER}\nPASSWORD=\n")
        == ()
    )
    assert values_kept("a=" * 100_000 + "\n" + "password" * 50_000) == ()
