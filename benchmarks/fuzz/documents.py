"""What people write for others to follow: plans, skills, notes, prompts, times, patterns of paths."""

from itertools import islice

from target import JSON_WORDS, YAML_WORDS, Target, files, text

from astrolabe.agents.prompts import read_prompt
from astrolabe.domain.paths import covers, may_overlap, path_fault
from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import InputError, PlanValidationError
from astrolabe.planning.cron import read_cron
from astrolabe.planning.document import is_plan, read_plan
from astrolabe.planning.validation import problems_in
from astrolabe.skills.instructions import block, instructions_for
from astrolabe.skills.reading import FILE, Content, read_skill, validate


def plan_documents(data: bytes) -> None:
    name = "plan.json" if data[:1] == b"{" else "plan.yaml"
    is_plan(data, name)
    try:
        plan = read_plan(data, name, ["command", "code"])
    except PlanValidationError as refused:
        assert refused.problems, "a plan is refused with what is wrong"
        assert str(refused).encode()
        raise
    assert problems_in(plan, ["command", "code"]) == ()
    assert type(plan).model_validate_json(plan.model_dump_json()) == plan


def prompts(data: bytes) -> None:
    prompt = read_prompt(text(data), "a.md")
    prompt.filled(dict.fromkeys(prompt.gaps, "{{ x }}"))


def cron(data: bytes) -> None:
    expression, _, zone = text(data).partition("\n")
    cron = read_cron(expression, zone or "UTC")
    times = list(islice(cron.times(1.8e9), 3))
    assert times == sorted(times)
    cron.latest(1.8e9, 1.9e9)


def paths(data: bytes) -> None:
    one, _, other = text(data).partition("\n")
    path_fault(other)
    if covers(one, other) and not path_fault(other):
        assert may_overlap(one, other), "a path that is covered overlaps"
    may_overlap(one, other)


def skills(data: bytes) -> None:
    content = Content("/skills/one", {FILE: data})
    problems = validate(content)
    found = read_skill(content, Scope.PROJECT)
    assert found.warnings == problems if isinstance(found, Skill) else found.problems


def notes(data: bytes) -> None:
    told = instructions_for({"AGENTS.md": data, "a/AGENTS.md": data[:100]}, ["a/b.py"])
    assert bool(block(told)) == bool(told)


PLAN_WORDS = (*YAML_WORDS, *JSON_WORDS, *(f"{key}: ".encode() for key in ("goal", "tasks", "id", "name", "agent", "depends_on", "writes", "checks", "run", "inputs", "retries", "timeout", "backoff", "budget", "approval", "environment", "policy", "healing", "fallback", "on_failure", "understanding")))  # fmt: skip
PLAN = b"goal: g\ntasks:\n- id: a\n  agent: code\n  writes: [a.py]\n  checks: [{name: t, run: 'true'}]\n- id: b\n  agent: command\n  depends_on: [a]\n  retries: 2\n  budget: {tokens: 10}\n"
TARGETS = {
    "plan-documents": Target(plan_documents, (PlanValidationError,), PLAN_WORDS, lambda: [PLAN, *files("examples/plans/*"), *files("examples/*.yaml")]),
    "prompts": Target(prompts, (InputError,), (b"---\n", b"name: ", b"version: 1\n", b"variant: ", b"weight: 1\n", b"{{ goal }}", b"{{ "), lambda: files("src/astrolabe/roles/*/prompts/*.md")),
    "cron": Target(cron, (InputError,), (b"*", b"/", b"-", b",", b" ", b"MON", b"L", b"W", b"#", b"@daily", b"0", b"59", b"\nEurope/Berlin", b"\nAustralia/Lord_Howe", b"29 2 ", b"JAN"), lambda: [b"0 3 * * *", b"*/15 1-5 1,15 JAN MON-FRI\nEurope/Berlin", b"@daily", b"0 0 29 2 *", b"0 0 L * 5#3"], most=512),
    "paths": Target(paths, (), (b"*", b"**", b"?", b"/", b"**/", b"a", b"[", b"]", b"..", b"\n", b".git"), lambda: [b"**/*.py\na/b/c.py", b"src\nsrc/a", b"a*b?c/**/d\na1b2c/x/d"], most=4096),
    "skills": Target(skills, (), (*YAML_WORDS, b"name: ", b"description: ", b"metadata:\n  ", b"allowed-tools: ", b"license: ", b"compatibility: "), lambda: [b"---\nname: one\ndescription: it: does\nmetadata:\n  a: b\nallowed-tools: [x, y]\n---\nbody\n", *files("src/astrolabe/**/SKILL.md"), *files("benchmarks/retrieval/*.md")]),
    "notes": Target(notes, (), (b"\r\n", b"\xef\xbb\xbf", b"<notes ", b"</notes "), lambda: [b"# Notes\nrun make\n"]),
}  # fmt: skip
