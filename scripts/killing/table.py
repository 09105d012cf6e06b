"""The battery's sums as one table."""

import statistics

from rich.console import Console
from rich.table import Table

from killing.counts import Counts


def show(counts: Counts, database: str) -> None:
    """Print what was counted, then why what must be 0 is not."""
    table = Table("on " + database, "counted", "to reach")
    for name, number in counts.told.items():
        table.add_row(name, str(number), "")
    for name, number in counts.faults.items():
        table.add_row(name, str(number), "0")
    table.add_row("resumes measured", str(len(counts.resumed)), "")
    if counts.resumed:
        _resumes(
            table,
            "seconds from a start by command to a durable event",
            [r.seconds for r in counts.resumed],
            "≤ 2",
        )
        _resumes(table, "seconds of a processor in that time", [r.cpu_seconds for r in counts.resumed], "")
    Console().print(table)
    for line in counts.said:
        print(line)


def _resumes(table: Table, name: str, seconds: list[float], limit: str) -> None:
    table.add_row(f"{name}: median", f"{statistics.median(seconds):.2f}", limit)
    table.add_row("largest", f"{max(seconds):.2f}", "")
