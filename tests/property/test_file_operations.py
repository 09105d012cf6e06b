"""No path that an operation on files accepts can lead out of the workspace, or to its git."""

import posixpath

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from astrolabe.roles.filesystem.operations import Inside

PARTS = st.one_of(
    st.sampled_from(["..", ".", "", ".git", ".GIT", "a", "b c", "~", "$HOME", "\0", "\n", "…"]),
    st.text(max_size=4),
)
READ = TypeAdapter[str](Inside)


@given(st.lists(PARTS, max_size=6).map("/".join))
def test_whatever_is_accepted_stays_inside(path: str) -> None:
    try:
        accepted = READ.validate_python(path)
    except ValidationError:
        return
    resolved = posixpath.normpath(posixpath.join("/workspace", accepted))
    assert resolved.startswith("/workspace/")
    assert ".git" not in resolved.lower().split("/")
