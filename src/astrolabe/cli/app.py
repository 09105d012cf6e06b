"""Every command, by name."""

from typing import Annotated, Any

import typer

from astrolabe import __version__
from astrolabe.cli import (
    agents,
    approvals,
    attempts,
    budgets,
    build,
    config,
    context,
    database,
    doctor,
    egress,
    evaluation,
    exchanges,
    kept,
    memory,
    models,
    plan,
    prompts,
    replay,
    runs,
    sandbox,
    schedules,
    skills,
    steering,
    temporal,
    worker,
)
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import overview


class _Root(Group):
    def get_help(self, ctx: Any) -> str:
        del ctx
        return overview()


app = typer.Typer(name="astrolabe", cls=_Root, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command("build")(build.build)
app.command("run")(build.run)
app.command("resume")(runs.resume)
app.command("replay")(replay.replay)
runs.app.command("record")(replay.record)
runs.app.command("attempts")(attempts.attempts)
runs.app.command("models")(exchanges.exchanges)
runs.app.command("pause")(steering.pause)
runs.app.command("cancel")(steering.cancel)
runs.app.command("retry")(steering.retry)
runs.app.command("fork")(steering.fork)
runs.app.command("artifacts")(kept.artifacts)
runs.app.command("files")(kept.files)
runs.app.command("context")(context.context)
runs.app.command("egress")(egress.egress)
skills.app.command("eval")(evaluation.skill_effect)
app.add_typer(plan.app, name="plan")
app.add_typer(runs.app, name="runs")
app.add_typer(approvals.app, name="approvals")
app.add_typer(schedules.app, name="schedules")
app.add_typer(budgets.app, name="budgets")
app.add_typer(prompts.app, name="prompts")
app.add_typer(evaluation.app, name="eval")
app.add_typer(agents.app, name="agents")
app.add_typer(skills.app, name="skills")
app.add_typer(memory.app, name="memory")
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("worker")(worker.worker)
app.add_typer(temporal.app, name="temporal")
app.add_typer(database.app, name="database")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def astrolabe(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    _offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="With any command: contact nothing but this machine and servers that the settings name.",
        ),
    ] = False,
) -> None:
    """From a goal in plain words to verified, committed software."""
