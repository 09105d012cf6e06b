"""How a plan is printed."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astrolabe.domain.plan import Plan


class Format(StrEnum):
    """How a plan is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    MERMAID = "mermaid"


def print_plan(plan: "Plan", form: Format) -> None:
    """Print a plan to stdout in the form asked for."""
    from astrolabe.planning import mermaid, rendering

    match form:
        case Format.JSON:
            sys.stdout.write(rendering.as_json(plan) + "\n")
        case Format.YAML:
            sys.stdout.write(rendering.as_yaml(plan))
        case Format.MERMAID:
            sys.stdout.write(mermaid.as_mermaid(plan) + "\n")
        case Format.TABLE:
            _print_table(plan)


def _print_table(plan: "Plan") -> None:
    from rich.table import Table
    from rich.text import Text

    from astrolabe.cli.output import console
    from astrolabe.cli.terminal import clean
    from astrolabe.planning import rendering

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("task", "agent", "after", "writes", "checks"):
        table.add_column(column, overflow="fold")
    for row in rendering.rows(plan):
        cells = (row.id, row.agent, ", ".join(row.depends_on), "\n".join(row.writes), "\n".join(row.checks))
        table.add_row(*(Text(clean(cell)) for cell in cells))
    out = console()
    out.print(table)
    for warning in plan.warnings:
        out.print(Text(f"warning: {clean(warning)}", style="yellow"))


def print_tasks(plan: "Plan") -> None:
    """Print what each task is told, and every line it would run: a person agrees to that, and not to names."""
    from rich.padding import Padding
    from rich.text import Text

    from astrolabe.cli.output import console
    from astrolabe.planning import rendering

    out = console()
    for row in rendering.rows(plan):
        out.print()
        out.print(Text.assemble((row.id, "bold"), f"  {row.name}" if row.name != row.id else ""))
        told = [Text(row.goal)] if row.goal not in {"", row.name} else []
        told += [Text(f"runs {line}", style="dim") for line in row.runs]
        for text in told:
            out.print(Padding(text, (0, 0, 0, 2)))
