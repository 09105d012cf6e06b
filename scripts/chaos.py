"""Kill Astrolabe at random instants, take up again what it did, and count what was lost, repeated or left behind.

    chaos.py [--kills N] [--seed N] [--database sqlite|postgresql] [--work FOLDER]
    chaos.py --builds [--kills N] [--seed N] [--brief FILE] [--work FOLDER]

Without --builds the engine carries cheap plans: commands in the sandbox, agents with recorded calls, questions answered by
other processes, retries, agents that step in, budgets. With it, applications are built, which takes minutes each. Exits with
1 if anything that must be 0 is not.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # the tests' PostgreSQL server

from killing import builds, orphans, table  # noqa: E402
from killing.battery import KILLS_OF_A_WAVE, Battery  # noqa: E402


def main() -> None:
    options = parsed()
    options.work.mkdir(parents=True, exist_ok=True)
    orphans.adopt()
    sys.exit(0 if (builds.storms if options.builds else engine)(options) else 1)


def engine(options: argparse.Namespace) -> bool:
    """Kill engines; tell whether all that must be 0 is."""
    with database(options.database) as url:
        battery = Battery(options.work / "battery", url, random.Random(options.seed))
        kills = waves = 0
        while kills < options.kills:
            kills += battery.wave(waves, min(KILLS_OF_A_WAVE, options.kills - kills))
            waves += 1
            print(
                f"{kills} kills, {'clean' if battery.counts.clean else battery.counts.said}", file=sys.stderr
            )
    table.show(battery.counts, options.database)
    return battery.counts.clean


@contextmanager
def database(kind: str) -> Generator[str | None]:
    """Start what the state is kept in; give its URL, None for a file."""
    if kind == "sqlite":
        yield None
        return
    from tests.postgresql import running  # noqa: PLC0415 - only where it is asked for

    with running() as server:
        yield server.empty()


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--builds", action="store_true", help="kill builds of an application")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--brief", default="examples/bookmarks.yaml")
    parser.add_argument("--work", type=Path, default=None)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    print(f"seed {options.seed}", file=sys.stderr)
    options.work = options.work or Path(tempfile.mkdtemp(prefix="astrolabe-chaos-"))
    return options


if __name__ == "__main__":
    main()
