"""Fuzz what reads foreign words: run.py [TARGET ...] [--inputs N] [--seconds S] [--pumps N] [--keep FOLDER] [--seed N] [--json].

For each target, inputs that atheris makes of its seeds and words, guided by what the code has not done yet (`guided.py`); then
texts in which a piece is repeated, judged by how their time grows (`growth.py`). Seconds are of CPU, of each target and of each
of the two. A fault is whatever comes out of a door that it does not document, an input that takes more than a second of CPU
for at most 64 kB, or four times as long for twice the length, or 400 MB. Exits with 1 where there is one; the inputs stay in
FOLDER.

Run it as `just fuzz`, which brings atheris along.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from catalogue import MODULES, SLOW

HERE = Path(__file__).resolve().parent


def main() -> None:
    options = _options()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="astrolabe-fuzz-"))
    rows = [_fuzzed(name, keep.resolve() / name, options) for name in options.targets or MODULES]
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        print(f"\n{sum(row['inputs'] for row in rows):,} inputs; what was found is in {keep}")
    sys.exit(any(row["faults"] for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", choices=[*MODULES, []], help=", ".join(MODULES)
    )
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--pumps", type=int, default=1_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _fuzzed(name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    inputs = options.inputs // 10 if name in SLOW else options.inputs
    guided = _child("guided", name, inputs, folder, options)
    grown = _child("growth", name, options.pumps, folder, options)
    faults = {**guided["faults"], **grown["faults"]}
    row = {
        "target": name,
        "inputs": guided["inputs"] + grown["inputs"],
        "guided": guided["inputs"],
        "cpu_seconds": round(guided["cpu_seconds"] + grown["cpu_seconds"], 1),
        "memory_mb": max(guided["memory_mb"], grown["memory_mb"]),
        "slowest_milliseconds": grown["slowest_milliseconds"][:1],
        "faults": faults,
    }
    if not options.json:
        print(
            f"{name:26} {row['inputs']:>10,} inputs {row['cpu_seconds']:>8.1f} s {row['memory_mb']:>5} MB  {len(faults)} faults",
            flush=True,
        )
        for what, size in faults.items():
            print(f"    {what} ({size} bytes)", flush=True)
    return row


def _child(kind: str, name: str, amount: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one process; one that does not end by itself has died of an input, which is a fault like any other."""
    result = folder / f"{kind}.json"
    result.unlink(missing_ok=True)
    argv = [
        sys.executable,
        str(HERE / f"{kind}.py"),
        name,
        str(amount),
        str(options.seconds),
        str(folder),
        str(options.seed),
    ]
    began = time.monotonic()
    with (folder / f"{kind}.log").open("wb") as log:
        code = subprocess.run(argv, cwd=folder, stdout=log, stderr=log, check=False).returncode
    if result.is_file():
        return json.loads(result.read_text(encoding="utf-8"))
    told = f"the process ended with {code} after {time.monotonic() - began:.0f} s: see {folder / kind}.log"
    return {"inputs": 0, "cpu_seconds": 0.0, "memory_mb": 0, "slowest_milliseconds": [], "faults": {told: 0}}


if __name__ == "__main__":
    main()
