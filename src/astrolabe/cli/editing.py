"""Letting a person change a plan in their editor; what they wrote is not lost, whatever becomes of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from astrolabe.cli.terminal import say
from astrolabe.errors import InputError

if TYPE_CHECKING:
    from astrolabe.domain.plan import Plan
    from astrolabe.services.installation import Installation


@dataclass(frozen=True)
class Draft:
    """The file in which a person edits the plan of one planning run; it lasts until the plan in it is kept as a version."""

    file: Path

    def edited(self, installation: "Installation", plan: "Plan") -> "Plan | None":
        """Return what the person made of a plan, held to what any plan file is held to; None when they changed nothing.

        Raises:
            InputError: the editor could not be used, or they left no text.
            PlanValidationError: what they left is no plan that can run.
        """
        from astrolabe.agents.agent import declared_inputs
        from astrolabe.planning.document import read_plan
        from astrolabe.planning.rendering import as_yaml

        before = as_yaml(plan)
        self._lay_out(before)
        self._open()
        text = self._text()
        if text == before:
            self.drop()
            return None
        agents = installation.agents
        try:
            edited = read_plan(text, self.file.name, agents.keys(), declared_inputs(agents))
        except InputError as invalid:
            invalid.hint = f"{invalid.hint} {self._kept()}".strip()
            raise
        return edited.model_copy(update={"source": "person", "reasoning": plan.reasoning})

    def drop(self) -> None:
        """Remove the file: what was in it is kept elsewhere, or was nobody's."""
        self.file.unlink(missing_ok=True)

    def _lay_out(self, text: str) -> None:
        if self.file.exists():
            say(f"going on with what you wrote before: {self.file}", err=True)
            return
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file.write_text(text, encoding="utf-8")

    def _open(self) -> None:
        import click

        try:
            click.edit(filename=str(self.file))
        except click.ClickException as failed:
            hint = f"Set VISUAL or EDITOR to an editor that works here. {self._kept()}"
            raise InputError(
                f"the plan could not be edited: {failed.format_message()}", hint=hint
            ) from failed

    def _text(self) -> str:
        try:
            text = self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"what was edited cannot be read: {error}", hint=self._kept()) from error
        if not text.strip():
            self.drop()
            raise InputError(
                "the plan was emptied, so nothing is run",
                hint="Leave it as it is, or end the editor unsaved.",
            )
        return text

    def _kept(self) -> str:
        return f"Nothing was begun; what you wrote is kept, and --edit goes on with it: {self.file}"
