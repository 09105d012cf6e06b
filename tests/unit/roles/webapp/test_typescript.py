"""What follows from a field is valid in the language it is written for."""

import re

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.roles.webapp.backend import PROVIDERS, backend_files, schema_path
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView

_DEFAULT = re.compile(r"@default\((.*)\)$", re.MULTILINE)
_PRISMA_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_prisma_reads_every_number_as_the_model_s(value: float) -> None:
    field = {"type": "decimal", "default": value}
    entities = {"Thing": {"owned": False, "fields": {"it": field}}}
    files = backend_files(AppView.of(AppModel.model_validate({"name": "App", "entities": entities})))
    for provider in PROVIDERS:
        thing = files[schema_path(provider)].partition("model Thing")[2]
        found = _DEFAULT.search(next(line for line in thing.splitlines() if line.split()[:1] == ["it"]))
        assert found
        assert _PRISMA_NUMBER.fullmatch(found[1])
        assert float(found[1]) == value
