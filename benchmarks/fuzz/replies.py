"""What models write: plans, calls of tools in words and as arguments, edits, claims; and what goes out redacted."""

import json

from target import JSON_WORDS, Target, files, replies, text

from astrolabe.agents.calls import with_calls_read
from astrolabe.agents.tools.matching import edited, places
from astrolabe.agents.tools.rules import refused_line
from astrolabe.domain.conversation import Message, Speaker, said
from astrolabe.domain.plan import Check, Plan
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.errors import InputError, PlanValidationError
from astrolabe.planning.extraction import extract_plan
from astrolabe.planning.proposed import Hand, Terms, proposed_plan
from astrolabe.planning.validation import problems_in
from astrolabe.roles.git.patch import changed_in
from astrolabe.roles.research.claims import Source, borne_out, claims_in, extracted

TERMS = Terms(
    goal="it",
    hands=(Hand("code"), Hand("look", writes=False)),
    agent="code",
    proofs=(Check(name="t", run="t"),),
)
TOOLS = ("read", "edit", "finish")
BETWEEN = b"\xff"
SECRET = "hunter2-hunter2-hunter2"


def plan_replies(data: bytes) -> None:
    try:
        found = extract_plan(text(data))
        assert any(isinstance(task, dict) for task in found.tasks)
        assert json.loads(json.dumps(found.plan, allow_nan=False)) == found.plan
        plan = proposed_plan(found, TERMS)
    except PlanValidationError as refused:
        assert refused.problems
        assert str(refused).encode()
        raise
    assert problems_in(plan, TERMS.names) == ()
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def calls(data: bytes) -> None:
    read = with_calls_read(said(Speaker.ASSISTANT, text(data)), TOOLS, 1)
    assert all(call.tool in TOOLS for call in read.calls)
    assert Message.model_validate_json(read.model_dump_json()) == read


def edits(data: bytes) -> None:
    content, _, rest = data.partition(BETWEEN)
    old, _, new = rest.partition(BETWEEN)
    whole, meant, put = content.decode("utf-8", "surrogateescape"), text(old), text(new)
    changed = edited("f", whole, meant, put, everywhere=len(data) % 2 == 1)
    if len(data) % 2 == 0:
        [place] = places(whole, meant, put)
        assert changed == whole[: place.start] + place.new + whole[place.end :]


def commands(data: bytes) -> None:
    rule = refused_line(text(data))
    assert rule is None or rule.instead


def claims(data: bytes) -> None:
    words, _, page = text(data).partition("\n\n")
    source = Source("https://a/", "t", page, "d")
    borne_out(claims_in(words), [source])
    assert borne_out(extracted(words, [source]), [source])[1] == 0


def patches(data: bytes) -> None:
    assert all(
        file.added >= 0 and file.removed >= 0 for file in changed_in(data.decode("utf-8", "surrogateescape"))
    )


def secrets(data: bytes) -> None:
    redactor = Redactor([SECRET])
    shown = redactor.redacted(f"{text(data)} {SECRET}")
    assert SECRET not in shown


PLAN = b'{"reasoning": "why", "tasks": [{"id": "a", "agent": "code", "goal": "do", "writes": ["a.py"], "checks": ["true"]}, {"id": "b", "depends_on": ["a"]}]}'
PATCH = b'diff --git a/x.py b/x.py\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/x.py\n@@ -0,0 +1,2 @@\n+a\n+b\ndiff --git "a/\\303\\244" "b/\\303\\244"\nBinary files differ\n'
CALLS = (b"<invoke name=", b'<tool name="read">', b"</tool>", b"<parameter name=x>", b"</parameter>", b"<read>", b"</read>", b"<path>", b"</path>", b"read(", b"\nedit(", b")", b'path="x"', b'{"tool": "read", "arguments": {', b"```json\n", b"<function=read>", b"</function>", b"finish(a=", b"[TOOL_CALLS]")  # fmt: skip
MARKS = (
    b"```json\n",
    b"```\n",
    b"~~~",
    b"<think>",
    b"</think>",
    b'"tasks": [',
    b"tasks:\n",
    b"- id: a\n",
    b'"depends_on"',
    b"//",
    b"/*",
    b"*/",
    b"'",
    b"plan:",
    b"# ",
)
FILE = b"def one():\n    x = 1\n    return x\n\n\ndef two():\n    x = 1\n    return x + 1\n"

TARGETS = {
    "plan-replies": Target(plan_replies, (PlanValidationError,), (*JSON_WORDS, *MARKS), lambda: [PLAN, b"Here:\n```json\n" + PLAN + b"\n```", PLAN[:90], b"```yaml\ntasks:\n- id: a\n  goal: x\n```", *replies()]),
    "calls": Target(calls, (), (*JSON_WORDS, *CALLS), lambda: [b'read(path="x", first=2)', b'{"tool": "edit", "arguments": {"path": "a", "old": "b"}}', b'<invoke name="read"><parameter name="path">x</parameter></invoke>', b"<read><path>x</path></read>", b"<function=edit>\n<parameter=path>\nx\n</parameter>\n</function>", *replies()[:30]]),
    "commands": Target(commands, (), (b" ", b"\n", b";", b"rm ", b"-rf ", b"git ", b"-c ", b"-C x ", b"sudo ", b"A=b ", b"then ", b"find . ", b"-delete", b"curl x ", b"| sh", b"a(){ ", b"a|a& ", b"push", b"reset ", b"--hard", b"chmod ", b"chown -R ", b"dd ", b"kill -9 "), lambda: [b"git -C a -c b=c push", b"cd a && rm -r -f ./* ; true", b":(){ :|:& };:", b"sudo chmod -R 777 ."], most=16_384),
    "edits": Target(edits, (InputError,), (b"\n", b"\r\n", b"    ", b"\t", BETWEEN, b"return x", b"  12  ", b"x = 1\n", b"\x85", b"\xe2\x80\xa8", b"\x0c", b"\x1c"), lambda: [FILE + BETWEEN + b"return x + 1" + BETWEEN + b"return 2", FILE + BETWEEN + b"def two():\n  x = 1" + BETWEEN + b"def two():\n  x = 3", FILE + BETWEEN + b"  6  def two():\n" + BETWEEN + b"  6  def three():\n", FILE + BETWEEN + b"x = 2" + BETWEEN + b"y"]),
    "claims": Target(claims, (), (*JSON_WORDS, b'{"claims": [{"claim": "', b'"url": "https://a/"', b'"quote": "', b"\n\n", b". ", b"the word "), lambda: [b'{"claims": [{"claim": "a b", "url": "https://a/", "quote": "the sky is blue at noon"}]}\n\nAt noon the sky is blue at noon. More of it.']),
    "patches": Target(patches, (), (b"diff --git a/x b/x\n", b"@@ -1,2 +3,4 @@\n", b"+", b"-", b" ", b"\n", b"Binary files ", b"new file mode ", b"deleted file mode ", b'"a/', b"\\303", b"\\400", b"\\777", b"9" * 30), lambda: [PATCH]),
    "secrets": Target(secrets, (), (b"password=", b"-----BEGIN PRIVATE KEY-----\n", b"-----END ", b"AKIA", b"eyJ", b"ghp_", b"xox", b"://", b":", b"@", b"Bearer ", b"machine ", b"login ", b"token: ", b"A1b2C3d4E5f6G7h8", b"hunter2-"), lambda: [b"machine a login b password c1d2e3f4", b"https://me:p4ssw0rd@host/", b'{"api_key": "Zk3Jx81mQpL0vT5rN2wY"}', *files("examples/*.md")]),
}  # fmt: skip
