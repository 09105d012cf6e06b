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
        times = sorted(counts.resumed)
        table.add_row("seconds to resume, median", f"{statistics.median(times):.2f}", "≤ 2")
        table.add_row("seconds to resume, 95 of 100", f"{times[int(len(times) * 0.95)]:.2f}", "")
    Console().print(table)
    for line in counts.said:
        print(line)
