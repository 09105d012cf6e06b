"""Whatever a label holds, a Markdown reader shows the label and nothing else."""

import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from astrolabe.roles.webapp.markup import (
    markdown,
    markdown_code,
    mermaid_attribute,
    one_line,
)

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKS = st.text(alphabet=st.sampled_from("\\`*_{}[]()<>#+-.!|~$&:@=;/w0x19 \n\tab"), min_size=1, max_size=30)
TEXTS = st.one_of(MARKS, st.text(min_size=1, max_size=40)).filter(lambda text: one_line(text).strip() != "")
TEXT_TOKENS = {"text", "text_special"}


def shown(tokens: list[Token]) -> str:
    """Return the text of the only inline token; anything but text in it is a fault."""
    (inline,) = [token for token in tokens if token.type == "inline"]
    children = inline.children or []
    assert {child.type for child in children} <= TEXT_TOKENS, children
    return "".join(child.content for child in children)


@given(TEXTS)
@example("# heading")
@example("- item")
@example("1) item")
@example("---")
@example("=== x")
@example("[a](javascript:alert(1))")
@example("<script>alert(1)</script>")
@example("&lt;b&gt;")
@example("```\ncode")
@example("a\\")
def test_a_paragraph_shows_the_text(text: str) -> None:
    tokens = READER.parse(f"before\n\n{markdown(text)}\n\nafter")
    assert [token.type for token in tokens if token.type.endswith("_open")] == ["paragraph_open"] * 3
    assert shown(tokens[3:6]) == one_line(text)


@given(TEXTS)
@example("C #")
@example("a ##")
def test_a_heading_shows_the_text(text: str) -> None:
    assert shown(READER.parse(f"## {markdown(text)}\n")) == one_line(text)


@given(TEXTS)
def test_a_line_after_another_shows_the_text(text: str) -> None:
    """A paragraph's second line may neither end the paragraph nor make a heading of it."""
    tokens = READER.parse(f"first\n{markdown(text)}\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]


@given(st.tuples(TEXTS, TEXTS))
@example(("a|b", "c\\|d"))
@example((":-:", "---"))
def test_a_table_keeps_its_cells(texts: tuple[str, str]) -> None:
    row = f"| {markdown(texts[0])} | {markdown(texts[1])} |"
    tokens = READER.parse(f"| a | b |\n| - | - |\n{row}\n")
    cells = [shown([token]) for token in tokens if token.type == "inline"]
    assert cells == ["a", "b", *map(one_line, texts)]


@given(TEXTS)
@example("a`b|c")
@example("^(a|b)\\|$")
def test_code_shows_the_text(text: str) -> None:
    rendered = READER.render(f"| a |\n| - |\n| {markdown_code(text)} |\n")
    cell = re.search(r"<tbody>\s*<tr>\s*<td><code>(.*?)</code></td>\s*</tr>\s*</tbody>", rendered)
    assert cell is not None, rendered
    assert unescaped(cell[1]) == one_line(text)


def unescaped(html: str) -> str:
    return re.sub(
        r"&(?:#(\d+)|(amp|lt|gt|quot));",
        lambda found: (
            chr(int(found[1])) if found[1] else {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}[found[2]]
        ),
        html,
    )


@given(TEXTS)
def test_addresses_do_not_become_links(text: str) -> None:
    """GitHub links bare addresses; the escape keeps `://` and `www.` from being seen as one."""
    printed = markdown(f"{text} http://evil.example www.evil.example")
    assert "http://" not in printed
    assert "www.e" not in printed


@given(st.text(alphabet="\u202e\u2066\u200f\x00\x1b\x07\u2028ab \n", min_size=1))
def test_what_is_not_seen_is_dropped(text: str) -> None:
    assert set(one_line(text)) <= set("ab ")


def test_mermaid_keys_are_not_read_as_keys() -> None:
    assert [mermaid_attribute(name) for name in ("pk", "FK", "uk", "pkNumber")] == [
        "pk_",
        "FK_",
        "uk_",
        "pkNumber",
    ]
