"""How many planted faults the tests find: mutate.py [--sample N] [--seed N] [--list] MODULE ...

A module is named as in `scheduler` or `engine/scheduler`. Each of its mutants (mutmut's) is run against the tests that go
through the function it is in, of those that `TESTS` chooses for the module: quick ones. With --sample, so many of them, drawn
at random. What survived is printed as a difference; exits with 1 where fewer than four of five were found.

Run it as `just mutate`, which brings mutmut along.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENGINE = Path("src/astrolabe/engine")
COPIED = ("src", "tests", "README.md", "examples")
LEAST = 0.8
RULES = ("tests/property/test_scheduler.py", "tests/unit/engine/test_histories.py")
WHOLE = ("tests/property/test_engine.py",)
DRIVER = (*WHOLE, "tests/conformance")
TESTS = {
    "scheduler": RULES,
    "asking": RULES,
    "turns": ("tests/unit/engine/test_turns.py",),
    "judging": (*RULES, *DRIVER),
    "trying": (*DRIVER, "tests/acceptance/test_health.py", "tests/acceptance/test_budgets.py"),
    "local": (*DRIVER, "tests/acceptance/test_steering.py"),
    "starting": ("tests/acceptance/test_building_again.py", *WHOLE),
    "budgets": (*WHOLE, "tests/acceptance/test_budgets.py"),
    "meter": (*WHOLE, "tests/acceptance/test_budgets.py"),
    "admission": (*WHOLE, "tests/acceptance/test_limits.py", "tests/acceptance/test_health.py"),
    "door": (*WHOLE, "tests/acceptance/test_limits.py", "tests/acceptance/test_health.py"),
    "healing": ("tests/acceptance/test_steering.py",),
    "post": ("tests/acceptance/test_steering.py",),
}
"""Which quick tests the mutants of a module are run against; `WHOLE` where none are named."""
KILLED, SURVIVED, UNTESTED, NOT_RUN = "killed", "survived", "no tests", "not run"


def main() -> None:
    options = parsed()
    work = options.work or Path(tempfile.mkdtemp(prefix="astrolabe-mutants-"))
    low = [name for name in options.modules if not mutate(name.removeprefix("engine/"), work, options)]
    sys.exit(1 if low else 0)


def mutate(name: str, work: Path, options: argparse.Namespace) -> bool:
    """Run the mutants of a module; tell whether enough of them were found."""
    folder = work / name
    prepare(folder, name)
    settings = os.environ | {"PYTHONPATH": str(folder / "mutants/src")}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    generated = [
        sys.executable,
        __file__,
        "--inside",
        str(options.sample),
        str(options.seed),
        str(options.children),
    ]
    with (folder / "log").open("wb") as log:
        done = subprocess.run(generated, cwd=folder, env=settings, stdout=log, stderr=log, check=False)
    if done.returncode != 0:
        print(f"{name}: could not be tried, see {folder / 'log'}", flush=True)
        return False
    return told(name, folder)


def prepare(folder: Path, name: str) -> None:
    """Copy what is tested to where it is mutated."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "mutants/src").mkdir(parents=True)  # there when the interpreter looks for it: it does so once
    leave_out = shutil.ignore_patterns("__pycache__", "templates")
    for part in COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=leave_out, symlinks=True)
        else:
            shutil.copy(ROOT / part, folder / part)
    chosen = {
        "source_paths": [str(ENGINE / f"{name}.py")],
        "also_copy": list(COPIED),
        "pytest_add_cli_args": [
            "--hypothesis-profile=mutants",
            "-p",
            "no:cacheprovider",
            "-k",
            "not temporal",
        ],
        "pytest_add_cli_args_test_selection": list(TESTS.get(name, WHOLE)),
        "timeout_multiplier": 5,
    }
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in chosen.items()]
    project = (ROOT / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(f"{project}\n[tool.mutmut]\n{''.join(lines)}")


def inside(sample: int, seed: int, children: int) -> None:
    """Make all mutants of the current folder's module and run a sample of them."""
    from mutmut import __main__ as mutmut  # noqa: PLC0415 - only `just mutate` brings it

    sys.setrecursionlimit(10_000)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.create_mutants(1)
    names = sorted(results(Path()))
    if sample and sample < len(names):
        names = random.Random(seed).sample(names, sample)
    mutmut._run(names, children)  # noqa: SLF001 - what its command line calls


def results(folder: Path) -> dict[str, int | None]:
    """Return how each mutant's tests ended; None for one that was not run."""
    found: dict[str, int | None] = {}
    for file in (folder / "mutants" / ENGINE).glob("*.meta"):
        found |= json.loads(file.read_text())["exit_code_by_key"]
    return found


def verdict(code: int | None) -> str:
    """Return what an exit code of mutmut's means; tests that never end have found the fault, too."""
    return {None: NOT_RUN, 0: SURVIVED, 33: UNTESTED}.get(code, KILLED)


def told(name: str, folder: Path) -> bool:
    """Print the score of a module and what survived."""
    run = {mutant: verdict(code) for mutant, code in results(folder).items() if code is not None}
    found, left = (sum(one == kind for one in run.values()) for kind in (KILLED, SURVIVED))
    untested = len(run) - found - left
    for mutant, one in sorted(run.items()):
        if one == SURVIVED:
            shown = subprocess.run(
                [sys.executable, "-m", "mutmut", "show", mutant],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            print("\n".join(shown.stdout.splitlines()[-40:]))
    score = found / len(run) if run else 1.0
    print(
        f"{name}: {score:.0%}: {found} found, {left} survived, {untested} that no test comes to; {len(run)} of"
        f" {len(results(folder))} were run",
        flush=True,
    )
    return score >= LEAST


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each module; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--work", type=Path, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(*map(int, sys.argv[2:]))
    else:
        main()
