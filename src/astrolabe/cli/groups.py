"""Groups of commands whose help tells each command in a whole sentence."""

from typing import Any

import typer
from typer.core import TyperGroup

from astrolabe.cli.exits import Exit


class Group(TyperGroup):
    """A group that shows its help when nothing is asked of it, and lists its commands with untruncated summaries."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(Exit.BAD_INPUT)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(command)) for name, command in self.commands.items()])


class GoalGroup(Group):
    """A group whose first word is a goal unless it is a command's name: `astrolabe plan "a todo app"`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        asks_for_help = "--help" in args and not words
        own = args and not asks_for_help and (not words or words[0] not in self.commands)
        return super().parse_args(ctx, ["make", *args] if own else args)


def _summary(command: Any) -> str:
    """Return the first sentence of what a command says about itself."""
    told = " ".join((command.short_help or command.help or "").split("\n\n")[0].split())
    return told if told.endswith(".") or not told else f"{told}."
