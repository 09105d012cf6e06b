"""No engine: two rows a task, committed by one writer. What any durable engine must at least do."""

import asyncio
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import floor
import measuring


class Rows:
    def open(self, folder: Path, url: str) -> None:
        del url
        self._file = folder / "rows.db"

    def carry_out(self, work: measuring.Work) -> None:
        asyncio.run(floor.carry_out(self._file, work.shape, work.size, work.count, work.parallel))

    def begin(self, work: measuring.Work) -> None:
        raise NotImplementedError

    def resume(self, work: measuring.Work) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


if __name__ == "__main__":
    measuring.run(Rows())
