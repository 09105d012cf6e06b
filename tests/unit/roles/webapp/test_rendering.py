"""What people wrote reaches every kind of file as text and as nothing else."""

import json
from pathlib import Path

import pytest
import yaml as yaml_reader
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from astrolabe.roles.webapp import rendering

HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "</script>",
        "*/ alert(1)",
        "${x}",
        "{{ x }}",
        "' OR 1=1 --",
        "<!--",
        "`",
        "\\",
        "\u2028",
        "\u202e",
        "-->",
        "]]>",
    ]
)


@given(HOSTILE)
def test_a_script_literal_reads_back_as_the_text(text: str) -> None:
    literal = rendering.js(text)
    assert json.loads(literal) == text
    assert "</" not in literal
    assert "<!--" not in literal
    assert "*/" not in literal
    assert not {"\u2028", "\u2029", "\u202e", "\n", "\r"} & set(literal)


@given(HOSTILE)
def test_a_yaml_scalar_reads_back_as_the_text(text: str) -> None:
    assert yaml_reader.safe_load(f"key: {rendering.yaml(text)}") == {"key": text}


@given(HOSTILE)
def test_html_has_no_markup_left(text: str) -> None:
    assert not set('<>"') & set(rendering.html(text))


@given(HOSTILE)
def test_a_comment_stays_on_its_line_and_open(text: str) -> None:
    line = rendering.comment(text)
    assert len(line.splitlines()) <= 1
    assert "*/" not in line
    assert "-->" not in line


@given(HOSTILE)
def test_a_sql_literal_ends_where_it_should(text: str) -> None:
    assert "'" not in rendering.sql(text)[1:-1].replace("''", "")


def test_a_name_that_is_not_there_is_an_error() -> None:
    template = rendering.environment().from_string("{{ entity.nothing }}")
    with pytest.raises(UndefinedError):
        template.render(entity=object())


def test_what_python_leaves_beside_templates_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "tests/__pycache__").mkdir(parents=True)
    (tmp_path / "tests/__pycache__/world.cpython-311.pyc").write_bytes(b"\x90")
    (tmp_path / "tests/world.py").write_text("")
    assert [path for path, _ in rendering._walk(tmp_path)] == ["tests/world.py"]
