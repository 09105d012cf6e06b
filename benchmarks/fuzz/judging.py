"""Watching one door: what came out of it that it does not document, what took too long, what took too much memory."""

import hashlib
import json
import resource
import signal
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from target import Target

MOST_BYTES = 400_000_000
"""Of memory that one input may take on top of all before."""


class OvertimeError(BaseException):
    """Raised in the midst of what takes too long; no parser may swallow it."""


@dataclass
class Judge:
    """Judges inputs of one target. `faults` maps what went wrong to the shortest input that showed it."""

    target: Target
    folder: Path
    most_seconds: float
    inputs: int = 0
    faults: dict[str, bytes] = field(default_factory=dict)
    slowest: list[tuple[float, bytes]] = field(default_factory=list)
    _began: float = 0.0
    _least: float = 0.0
    _loaded: float = 0.0

    def watch(self) -> None:
        """Begin: look at the time twice a second of CPU."""
        self._loaded = time.process_time()
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, 0.5, 0.5)

    def _look(self, _signal: int, _frame: FrameType | None) -> None:
        if self._began and time.process_time() - self._began > self.most_seconds:
            self._began = 0.0
            raise OvertimeError

    def spent(self, data: bytes) -> float:
        """Give an input to the target; return what it took, in seconds of CPU."""
        self.inputs += 1
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = self._began = time.process_time()
        try:
            self.target.read(data)
        except self.target.errors:
            pass
        except OvertimeError:
            self._note(f"takes more than {self.most_seconds:g} s of CPU", data, traceback.format_exc())
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is what is looked for
            self._note(f"{type(fault).__name__}: {str(fault)[:200]}", data, traceback.format_exc())
        took, self._began = time.process_time() - began, 0.0
        if (more := resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024 > MOST_BYTES:
            self._note(f"takes {more // 1024} MB", data, "")
        if took > self._least:
            self.slowest = sorted([*self.slowest, (took, data)], key=lambda one: -one[0])[:20]
            self._least = self.slowest[-1][0] if len(self.slowest) == 20 else 0.0
        return took

    def grew(self, took: float, half: float, data: bytes, shape: str) -> None:
        """Note an input that takes too long, or too much longer than half of it does."""
        trace = self._traced(data) or shape
        self._note(
            f"takes {took:.2f} s of CPU, {half:.2f} s for half of it", data, f"{trace}\n{shape[:2000]}"
        )

    def _traced(self, data: bytes) -> str:
        """Return where an input spends its time: where it is after half a second."""
        most, self.most_seconds = self.most_seconds, 0.4
        self._began = time.process_time()
        try:
            self.target.read(data)
        except OvertimeError:
            return traceback.format_exc()
        except Exception:  # noqa: BLE001 - judged elsewhere
            return ""
        finally:
            self.most_seconds, self._began = most, 0.0
        return ""

    def _note(self, what: str, data: bytes, trace: str) -> None:
        kind = "takes long" if what.startswith("takes") and "CPU" in what else what.partition(":")[0]
        key = f"{kind} at {_place(trace)}"
        known = self.faults.get(key)
        if known is not None and len(known) <= len(data):
            return
        self.faults[key] = data
        name = hashlib.sha256(key.encode()).hexdigest()[:10]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.input").write_bytes(data)
        (self.folder / f"{name}.txt").write_text(
            f"{key}\n{what}\n{len(data)} bytes\n\n{trace}", encoding="utf-8"
        )

    def told(self) -> dict[str, object]:
        """Return what was found as JSON has it."""
        return {
            "inputs": self.inputs,
            "cpu_seconds": round(time.process_time() - self._loaded, 1),
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "faults": {key: len(data) for key, data in self.faults.items()},
            "slowest_milliseconds": [round(took * 1000, 1) for took, _ in self.slowest[:3]],
        }

    def tell(self, name: str) -> None:
        """Leave the result and the slowest inputs in the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.json").write_text(json.dumps(self.told(), indent=1), encoding="utf-8")
        slow = self.folder / "slow"
        slow.mkdir(exist_ok=True)
        for _, data in self.slowest:
            (slow / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def _place(trace: str) -> str:
    """Return the last line of ours in a trace, and its last line of all: what makes two faults one."""
    lines = [line.strip() for line in trace.splitlines() if line.strip().startswith("File ")]
    ours = [line for line in lines if "/src/astrolabe/" in line]
    return " / ".join(dict.fromkeys(line.rsplit("/", 1)[-1] for line in (*ours[-1:], *lines[-1:])))
