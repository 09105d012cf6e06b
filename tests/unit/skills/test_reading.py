"""What a SKILL.md says, what is wrong with it, and that the reference library of the format judges alike."""

from pathlib import Path

import pytest
from skills_ref import validator

from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import Problem
from astrolabe.skills.folders import read_folder
from astrolabe.skills.reading import Content, Unusable, read_skill, validate

GOOD = "---\nname: pdf-forms\ndescription: Fill in PDF forms. Use it when a form has to be filled in.\n---\n# How\n\nSo.\n"
WHOLE = """---
name: pdf-forms
description: >
  Fill in PDF forms.
  Use it when a form has to be filled in.
license: Apache-2.0
compatibility: needs qpdf
metadata:
  author: someone
  version: "1.0"
allowed-tools: Read Bash(qpdf:*)
---
Body
---
with a line of its own
"""


def content(text: str | bytes, name: str = "pdf-forms", **files: bytes) -> Content:
    data = text.encode() if isinstance(text, str) else text
    return Content(f"/skills/{name}", {"SKILL.md": data, **files})


def test_a_skill_says_all_that_its_file_does() -> None:
    skill = read_skill(
        Content("/skills/pdf-forms", {"SKILL.md": WHOLE.encode(), "notes.md": b"more"}), Scope.USER
    )
    assert isinstance(skill, Skill)
    assert skill.description == "Fill in PDF forms. Use it when a form has to be filled in."
    assert (skill.name, skill.license, skill.compatibility) == ("pdf-forms", "Apache-2.0", "needs qpdf")
    assert skill.metadata == {"author": "someone", "version": "1.0"}
    assert skill.allowed_tools == ("Read", "Bash(qpdf:*)")
    assert skill.body == "Body\n---\nwith a line of its own"
    assert skill.files == {"notes.md": b"more"}
    assert skill.warnings == ()


def head(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "body"])


BAD = {
    "no name": (head("description: d"), ["SKILL.md:1 name: is missing"]),
    "capitals": (head("name: Pdf-Forms", "description: d"), ["SKILL.md:2 name: has capital", "SKILL.md:2 name: is 'Pdf-Forms'"]),
    "hyphens": (head("name: pdf--forms", "description: d"), ["SKILL.md:2 name: begins or ends", "SKILL.md:2 name: is"]),
    "characters": (head("name: pdf_forms", "description: d"), ["SKILL.md:2 name: has other", "SKILL.md:2 name: is"]),
    "long name": (head(f"name: {'a' * 65}", "description: d"), ["SKILL.md:2 name: has 65", "SKILL.md:2 name: is"]),
    "another folder": (head("name: forms", "description: d"), ["SKILL.md:2 name: is 'forms', but its folder is"]),
    "no description": (head("name: pdf-forms", "description:"), ["SKILL.md:3 description: is missing"]),
    "long description": (
        head("name: pdf-forms", f"description: {'a' * 1025}"),
        ["SKILL.md:3 description: has 1025 characters"],
    ),
    "long compatibility": (
        head("name: pdf-forms", "description: d", f"compatibility: {'a' * 501}"),
        ["SKILL.md:4 compatibility: has 501 characters"],
    ),
    "unknown field": (
        head("name: pdf-forms", "description: d", "allowed_tools: Read"),
        ["SKILL.md:4 allowed_tools: is no field of the format (is `allowed-tools` meant?)"],
    ),
    "no fields": ("# only text", ["SKILL.md:1: it does not begin with its fields"]),
    "no end": ("---\nname: pdf-forms\ndescription: d\n", ["SKILL.md:1: the fields do not end"]),
    "no mapping": (head("- name", "- description"), ["SKILL.md:2: the fields are no mapping"]),
    "twice": (head("name: pdf-forms", "description: d", "name: pdf-forms"), ["SKILL.md:4: `name` is there twice"]),
    "a colon": (head("name: pdf-forms", "description: use it when: a form"), ["SKILL.md:3: a value with a colon"]),
    "an alias": (head("name: &a pdf-forms", "description: *a"), ["SKILL.md:2: anchors, aliases and tags"]),
    "a tag": (head("name: pdf-forms", "description: !!python/name:os.system d"), ["SKILL.md:3: anchors, aliases"]),
    "several at once": (
        head("name: Forms", "description:", "compatability: x"),
        ["compatability: is no field", "name: has capital", "name: is 'Forms'", "description: is missing"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_every_breach_is_told_with_its_place_and_the_reference_refuses_it_too(
    case: str, tmp_path: Path
) -> None:
    text, wanted = BAD[case]
    folder = tmp_path / "pdf-forms"
    folder.mkdir()
    (folder / "SKILL.md").write_text(text)
    found = validate(read_folder(folder))
    assert len(found) == len(wanted)
    for problem, words in zip(found, wanted, strict=True):
        assert words in str(problem)
        assert problem.hint
    assert validator.validate(folder)


ACCEPTED = {
    "plain": GOOD,
    "whole": WHOLE,
    "no body": "---\nname: pdf-forms\ndescription: d\n---\n",
    "windows": GOOD.replace("\n", "\r\n"),
    "quoted": head('name: "pdf-forms"', "description: 'use it when: a form'"),
    "list of tools": head("name: pdf-forms", "description: d", "allowed-tools:", "  - Read", "  - Bash"),
    "number": head("name: pdf-forms", "description: 12"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_follows_the_format_is_accepted_and_by_the_reference_too(case: str, tmp_path: Path) -> None:
    folder = tmp_path / "pdf-forms"
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(ACCEPTED[case].encode())
    assert validate(read_folder(folder)) == ()
    assert validator.validate(folder) == []


def test_letters_of_any_language_may_name_a_skill() -> None:
    assert validate(content(head("name: größe-prüfen", "description: d"), "größe-prüfen")) == ()


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("capitals", "Pdf-Forms"),
        ("no name", "pdf-forms"),
        ("unknown field", "pdf-forms"),
        ("another folder", "forms"),
    ],
)
def test_a_skill_whose_meaning_is_clear_is_used_with_a_warning(case: str, name: str) -> None:
    skill = read_skill(content(BAD[case][0]), Scope.USER)
    assert isinstance(skill, Skill)
    assert (skill.name, skill.description) == (name, "d")
    assert skill.warnings


def test_a_value_with_a_colon_is_read_as_it_was_meant() -> None:
    skill = read_skill(content(BAD["a colon"][0]), Scope.USER)
    assert isinstance(skill, Skill)
    assert skill.description == "use it when: a form"


@pytest.mark.parametrize(
    "text",
    [
        BAD["no description"][0],
        BAD["no fields"][0],
        BAD["an alias"][0],
        b"\xff\xfe",
        b"",
        b"---\n\x00: a\n---\n",
        head("name: ../x", "description: [d]"),
    ],
)
def test_what_nobody_could_choose_by_is_not_used(text: str | bytes) -> None:
    found = read_skill(content(text), Scope.USER)
    assert isinstance(found, Unusable)
    assert found.problems


def test_a_file_of_another_name_is_no_skill_and_the_hint_says_so() -> None:
    found = validate(Content("/skills/a", {"skill.md": GOOD.encode()}))
    assert found == (Problem("/skills/a", "there is no SKILL.md", "rename skill.md to SKILL.md"),)


def test_the_digest_names_all_content() -> None:
    one = content(GOOD, a=b"1")
    others = [
        content(GOOD),
        content(GOOD, a=b"2"),
        content(GOOD, b=b"1"),
        content(GOOD + " ", a=b"1"),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5
    assert content(GOOD, a=b"1").digest == one.digest
