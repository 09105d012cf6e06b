"""`astrolabe config`: the settings in force."""

from collections.abc import Generator
from typing import Annotated, Any, cast

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import say

app = typer.Typer(cls=Group, help=SUMMARIES["config"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("show")
def show(json: Json = False) -> None:
    """Show every setting with its value, and the variable that sets it."""
    from astrolabe.settings import PREFIX, config_file, load_settings

    settings = load_settings()
    values = settings.model_dump(mode="json")
    if json:
        print_json(
            {
                "file": str(config_file()),
                "state": str(settings.state_folder),
                "cache": str(settings.cache_folder),
                "settings": values,
            }
        )
        return
    say(f"# file: {config_file()}{'' if config_file().exists() else ' (not there)'}")
    say(f"# state: {settings.state_folder}\n# cache: {settings.cache_folder}")
    for name, value in _flat(values):
        say(f"{PREFIX + name.upper():<40} {'(not set)' if value is None else value}")


def _flat(values: dict[str, Any], above: str = "") -> Generator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(cast("dict[str, Any]", value), f"{above}{name}__")
        else:
            yield above + name, value


@app.command("check")
def check(json: Json = False) -> None:
    """Check the settings; exits with 2 and every problem when they are wrong."""
    from astrolabe.settings import load_settings

    load_settings()
    if json:
        print_json({"valid": True, "problems": []})
    else:
        say("the settings are valid")
