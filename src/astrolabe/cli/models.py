"""`astrolabe models`: language models."""

import typer

from astrolabe.cli import known_models, local_models
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES

app = typer.Typer(cls=Group, help=SUMMARIES["models"])


@app.callback()
def models() -> None:
    """Language models."""


app.command("list")(known_models.list_models)
app.command("show")(known_models.show)
app.command("check")(known_models.check)
app.command("weights")(local_models.weights)
app.command("get")(local_models.get)
app.command("remove")(local_models.remove)
app.command("serve")(local_models.serve)
