"""Prints a folder of templates into the workspace, formatted by the application's own prettier."""

import shlex
from collections.abc import Mapping
from typing import Any

from astrolabe.roles.webapp.rendering import environment, render
from astrolabe.sdk import AstrolabeError, Workbench

SUFFIX = ".j2"


def templates_in(folder: str) -> tuple[str, ...]:
    """Return the templates below `templates/<folder>`, sorted."""
    return tuple(
        sorted(
            name
            for name in environment().list_templates()
            if name.startswith(f"{folder}/") and name.endswith(SUFFIX)
        )
    )


def printed(folder: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of a folder of templates by their path in the workspace."""
    return {
        name.removeprefix(f"{folder}/").removesuffix(SUFFIX): render(name, context)
        for name in templates_in(folder)
    }


async def print_into(bench: Workbench, files: Mapping[str, str]) -> None:
    """Write the files, then let prettier have its way with those it knows.

    Raises:
        AstrolabeError: prettier cannot read one of them; it says which and why.
    """
    await bench.write(files)
    paths = " ".join(shlex.quote(path) for path in sorted(files))
    result = await bench.run(f"npx --no-install prettier --write --ignore-unknown --log-level warn {paths}")
    if result.exit_code != 0:
        raise AstrolabeError(f"prettier refused what was generated:\n{result.stderr or result.stdout}")
