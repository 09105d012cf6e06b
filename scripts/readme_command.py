"""Print the nth command of the README's section `Start`: readme_command.py N."""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def commands() -> list[str]:
    """Return what stands in the fenced `sh` blocks of the section."""
    section = re.split(r"^## ", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    start = next(part for part in section if part.startswith("Start\n"))
    return [
        block.strip() for block in re.findall(r"^```sh\n(.*?)^```", start, flags=re.MULTILINE | re.DOTALL)
    ]


if __name__ == "__main__":
    print(commands()[int(sys.argv[1]) - 1])
