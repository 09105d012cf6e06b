"""Writes the suite that measures the skill `anchored-regex`: `python benchmarks/skills/anchored_regex.py > suite.yaml`.

Each task wants one function that tells whether the whole of a text has a form. What is scored apart: `correctness` (plain
examples, good and bad), `adherence` (the pattern is anchored at both ends, or fullmatch is used), `edge cases` (a line
break at the end, more lines, digits of other scripts, the empty text).
"""

import sys
from dataclasses import dataclass

import yaml


@dataclass(frozen=True)
class Form:
    """A form of text: what is told of it, and texts that have it or have not."""

    name: str
    told: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    edges: tuple[str, ...] = ()


FORMS = (
    Form(
        "zip",
        "a US ZIP code: exactly five digits 0-9",
        ("12345", "00000"),
        ("1234", "123456", "12a45"),
        ("\u0661\u0662\u0663\u0664\u0665",),
    ),
    Form(
        "hex-colour",
        "a CSS colour: # and then exactly six hexadecimal digits",
        ("#a1b2c3", "#FFFFFF"),
        ("a1b2c3", "#a1b2c", "#a1b2cg"),
    ),
    Form(
        "iso-date",
        "a date written YYYY-MM-DD with ASCII digits (the calendar need not be checked)",
        ("2024-01-31", "1999-12-01"),
        ("2024-1-31", "24-01-31", "2024/01/31"),
        ("\u0662024-01-31",),
    ),
    Form(
        "time",
        "a time of day from 00:00 to 23:59 written HH:MM with ASCII digits",
        ("00:00", "23:59", "09:30"),
        ("24:00", "9:30", "12:60"),
    ),
    Form(
        "username",
        "a user name: 3 to 16 of the letters a-z, digits 0-9 and underscores",
        ("abc", "user_01"),
        ("ab", "Abc", "a" * 17),
    ),
    Form(
        "octet",
        "a whole number from 0 to 255 without leading zeros",
        ("0", "255", "99"),
        ("256", "01", "-1"),
        ("\u0661",),
    ),
    Form(
        "sku",
        "a stock number: three capital letters A-Z, a dash, four digits 0-9",
        ("ABC-1234", "XYZ-0000"),
        ("AB-1234", "abc-1234", "ABC-12345"),
    ),
    Form(
        "slug",
        "a slug: groups of a-z and 0-9 joined by single dashes",
        ("a-b", "hello-world-2"),
        ("-a", "a--b", "A-b"),
    ),
    Form(
        "uuid",
        "a UUID in small letters: 8-4-4-4-12 hexadecimal digits",
        ("123e4567-e89b-12d3-a456-426614174000",),
        ("123e4567e89b12d3a456426614174000", "123E4567-e89b-12d3-a456-426614174000"),
    ),
    Form(
        "hashtag",
        "a hashtag: # and then one or more of a-z, A-Z, 0-9 and underscore, ASCII only",
        ("#a", "#Hello_2"),
        ("a", "#", "#a b"),
        ("#\u00e9t\u00e9",),
    ),
    Form(
        "price",
        "a price: one or more digits 0-9, a dot, exactly two digits",
        ("0.50", "12.00"),
        ("12", "12.0", ".50"),
        ("\u0661.00",),
    ),
    Form(
        "identifier",
        "an identifier: a letter a-z or A-Z or an underscore, then any number of those or digits 0-9",
        ("a", "_x1"),
        ("1a", "a-b", "a b"),
    ),
    Form(
        "locker",
        "a locker label: one capital letter A-F, then one digit 1-9",
        ("A1", "F9"),
        ("G1", "A0", "A10"),
    ),
    Form(
        "plate",
        "a number plate: two capital letters, a space, three or four digits 0-9",
        ("AB 123", "ZZ 9999"),
        ("AB123", "A 123", "AB 12"),
    ),
    Form(
        "mac",
        "a MAC address: six pairs of hexadecimal digits joined by colons",
        ("00:1a:2b:3c:4d:5e", "FF:FF:FF:FF:FF:FF"),
        ("00:1a:2b:3c:4d", "00-1a-2b-3c-4d-5e", "0g:1a:2b:3c:4d:5e"),
    ),
    Form(
        "percent",
        "a percentage: one to three digits 0-9 and then a percent sign",
        ("5%", "100%"),
        ("%", "1000%", "5"),
    ),
    Form(
        "isbn",
        "thirteen digits 0-9 that begin with 978 or 979",
        ("9781234567890", "9791234567890"),
        ("9771234567890", "978123456789", "97812345678901"),
    ),
    Form(
        "answer",
        "one of the words yes, no or maybe, in small letters",
        ("yes", "no", "maybe"),
        ("yesno", "Yes", "y"),
    ),
    Form("country", "a country code: exactly two capital letters A-Z", ("DE", "US"), ("D", "DEU", "de")),
)


def edges_of(form: Form) -> tuple[str, ...]:
    """Return texts that only look as if they had the form."""
    good = form.good[0]
    return (f"{good}\n", f"{good}\n{good}", f"\n{good}", f"{good} ", f"!{good}!", "", *form.edges)


def script(function: str, good: tuple[str, ...], bad: tuple[str, ...]) -> str:
    return (
        f"from form import {function}\n"
        f"for text in {good!a}:\n    assert {function}(text), repr(text)\n"
        f"for text in {bad!a}:\n    assert not {function}(text), repr(text)\n"
    )


ADHERENCE = """import re
source = open('form.py', encoding='utf-8').read()
whole = re.search(r'fullmatch\\s*\\(', source)
ends = re.search(r'\\\\A', source) and re.search(r'\\\\Z', source)
assert whole or ends, 'neither fullmatch nor \\\\A and \\\\Z'
"""


def task(form: Form) -> dict[str, object]:
    """Return a form's task as a suite file tells it."""
    function = f"is_{form.name.replace('-', '_')}"
    python = "$ASTROLABE_PYTHON -S -B"
    return {
        "name": form.name,
        "goal": (
            f"Write form.py in Python. It has one function, {function}(text: str) -> bool, that tells with a regular expression "
            f"of the module re whether the text is {form.told}."
        ),
        "hidden": {
            "correctness.py": script(function, form.good, form.bad),
            "edges.py": script(function, form.good[:1], edges_of(form)),
            "adherence.py": ADHERENCE,
        },
        "solution": {
            "form.py": f"import re\n\n\ndef {function}(text: str) -> bool:\n    return re.fullmatch({SOLUTIONS[form.name]!r}, text) is not None\n"
        },
        "writes": "form.py",
        "environment": {"toolchains": ["python"]},
        "timeout": 600,
        "checks": [
            {"name": "correctness", "run": f"{python} correctness.py", "timeout": 20},
            {"name": "adherence", "run": f"{python} adherence.py", "timeout": 20},
            {"name": "edge cases", "run": f"{python} edges.py", "timeout": 20},
        ],
    }


SOLUTIONS = {
    "zip": "[0-9]{5}",
    "hex-colour": "#[0-9a-fA-F]{6}",
    "iso-date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "time": "(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    "username": "[a-z0-9_]{3,16}",
    "octet": "25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]",
    "sku": "[A-Z]{3}-[0-9]{4}",
    "slug": "[a-z0-9]+(?:-[a-z0-9]+)*",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "hashtag": "#[a-zA-Z0-9_]+",
    "price": r"[0-9]+\.[0-9]{2}",
    "identifier": "[a-zA-Z_][a-zA-Z0-9_]*",
    "locker": "[A-F][1-9]",
    "plate": "[A-Z]{2} [0-9]{3,4}",
    "mac": "[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}",
    "percent": "[0-9]{1,3}%",
    "isbn": "97[89][0-9]{10}",
    "answer": "yes|no|maybe",
    "country": "[A-Z]{2}",
}

if __name__ == "__main__":
    yaml.safe_dump(
        {"name": "anchored-regex", "tasks": [task(form) for form in FORMS]},
        sys.stdout,
        sort_keys=False,
        width=120,
    )
