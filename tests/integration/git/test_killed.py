"""A hand-over killed at any instant and repeated ends where an undisturbed one ends."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from astrolabe.errors import TargetError

PROGRAM = Path(__file__).with_name("publish_and_die.py")


@pytest.fixture(scope="module")
def publisher():
    """Give the program that publishes; starting Python anew each time would take most of the time."""
    process = subprocess.Popen(
        [sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.communicate(timeout=60)


def _die(publisher, place, final, last=0, path=os.environ["PATH"]):
    """Publish in a process that dies before the given step; return how many steps there were if it lived."""
    told = [str(place.clone), str(place.target), str(place.home), path, "R1", final, str(last)]
    _tell(publisher, told)
    *steps, status = publisher.stdout.readline().split()
    assert int(status) == (0 if steps else signal.SIGKILL)
    return int(steps[0]) if steps else None


def _tell(process, told):
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()


def _publish(place, final):
    return asyncio.run(place.workspace().publish("R1", {"t": final}, final))


def _empty(place):
    place.target.mkdir()


def _missing(place):
    assert not place.target.exists()


def _repository(place):
    place.repository(
        {"a": "1", "gone/deep": "1", "changed": "1" * 5000, "file": "1", "folder/y": "1", "dirty": "1"}
    )
    place.write({"dirty": "mine", "untracked": "mine"})


def _unborn(place):
    place.target.mkdir()
    place.git("init", "-q", "-b", "main")
    place.write({"untracked": "mine", "staged": "mine"})
    place.git("add", "staged")


CHANGES = {
    "changed": "2" * 5000,
    "new/x": "2" * 3000,
    "top": "2",
    "gone": None,
    "file": None,
    "file/inner": "2",
    "folder": "2",
}


def _prepared(place, begin):
    begin(place)
    workspace = place.workspace()
    head = asyncio.run(workspace.start())
    changes = {path: text for path, text in CHANGES.items() if head or text is not None}
    return place.commit(workspace, head, changes)


def _seen(place):
    """Return all that a person could see of the target; git's own bookkeeping is not compared byte by byte."""
    git = place.target / ".git"
    return (
        place.content(),
        place.git("status", "--porcelain", "--ignored"),
        place.git("for-each-ref"),
        place.git("symbolic-ref", "HEAD"),
        place.git("fsck", "--strict", "--no-dangling"),
        sorted(
            path.name for path in git.iterdir() if "astrolabe" in path.name or path.name.endswith(".lock")
        ),
        sorted(path.name for path in place.target.parent.iterdir()),
        sorted(path.name for path in place.target.iterdir()),
    )


def _reset(place, kept):
    for folder in (place.root / "work", place.state):
        shutil.rmtree(folder)
        shutil.copytree(kept / folder.name, folder, symlinks=True)


def _keep(place):
    kept = place.root / "kept"
    for folder in (place.root / "work", place.state):
        shutil.copytree(folder, kept / folder.name, symlinks=True)
    return kept


def _killed_everywhere(publisher, place, begin, step):
    final = _prepared(place, begin)
    kept = _keep(place)
    count, expected = _die(publisher, place, final), _seen(place)
    assert count is not None
    assert count > 10
    for last in range(1, count + 1, step):
        _reset(place, kept)
        assert _die(publisher, place, final, last) is None, f"not killed at {last}"
        assert _publish(place, final).moved
        assert _seen(place) == expected, f"killed at {last} of {count}"


@pytest.mark.parametrize("begin", [_missing, _empty, _repository, _unborn])
def test_killed_at_some_steps(publisher, place, begin):
    _killed_everywhere(publisher, place, begin, 9)


@pytest.mark.slow
@pytest.mark.parametrize("begin", [_missing, _empty, _repository, _unborn])
def test_killed_at_every_step(publisher, place, begin):
    _killed_everywhere(publisher, place, begin, 1)


@pytest.mark.slow
@pytest.mark.parametrize("begin", [_missing, _empty, _repository])
def test_killed_at_any_time_with_all_its_processes(place, begin):
    """The steps above spare a git that is at work; here it dies too, wherever it is."""
    final = _prepared(place, begin)
    kept = _keep(place)
    began = time.monotonic()
    _publish(place, final)
    whole, expected = time.monotonic() - began, _seen(place)
    told = [str(place.clone), str(place.target), str(place.home), os.environ["PATH"], "R1", final, "0"]
    for part in range(25):
        _reset(place, kept)
        process = subprocess.Popen(
            [sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        _tell(process, told)
        _wait_until_forked(process)
        time.sleep(whole * part / 25)
        _kill_below(process.pid)
        process.communicate(timeout=60)
        assert _publish(place, final).moved
        assert _seen(place) == expected


def _children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _wait_until_forked(process):
    while not _children(process.pid):
        time.sleep(0.001)


def _kill_below(pid):
    """Stop before killing, so that none starts another meanwhile; one that has just ended is as good as killed."""
    for child in _children(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)
            _kill_below(child)
            os.kill(child, signal.SIGKILL)


DYING_GIT = """#!/bin/sh
case "$*" in
*{arguments}*)
    {damage}
    kill -9 $PPID
    exit 1;;
esac
exec {git} "$@"
"""

DAMAGE = {
    "half a file": 'head -c 17 /dev/zero | tr "\\0" 2 > changed; : > "$GIT_INDEX_FILE.lock"',
    "an empty file": ": > changed",
    "file gone": "rm changed; rm -r gone",
    "new file": "mkdir new; printf 222 > new/x; printf 2 > top",
    "file became folder": "rm file; mkdir file; printf 2 > file/inner",
    "folder became file": "rm -r folder; printf 2 > folder",
    "all but the index": f'{shutil.which("git")} "$@"',
    "index written": f'{shutil.which("git")} "$@"; mv "$GIT_INDEX_FILE" "$GIT_DIR/index"',
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_git_killed_while_it_writes_files(publisher, place, damage):
    final = _prepared(place, _repository)
    kept = _keep(place)
    _publish(place, final)
    expected = _seen(place)
    _reset(place, kept)
    _die_in_check_out(publisher, place, final, DAMAGE[damage])
    assert (place.target / ".git" / "index.lock").exists()
    assert _publish(place, final).moved
    assert _seen(place) == expected


def test_git_killed_while_it_moves_a_branch(publisher, place):
    """Its locks stay; nobody but us may take them away, and we know them for our own."""
    final = _prepared(place, _repository)
    kept = _keep(place)
    _publish(place, final)
    expected = _seen(place)
    for arguments, locks in {
        "update-ref --create-reflog": ("HEAD.lock", "refs/heads/main.lock"),
        "update-ref -m": ("refs/heads/astrolabe/R1.lock", "packed-refs.lock"),
    }.items():
        _reset(place, kept)
        damage = "; ".join(f"mkdir -p $(dirname $GIT_DIR/{lock}); touch $GIT_DIR/{lock}" for lock in locks)
        _die_in_git(publisher, place, final, arguments, damage)
        assert _publish(place, final).moved
        assert _seen(place) == expected


def test_edits_made_after_the_kill_are_kept(publisher, place):
    final = _prepared(place, _repository)
    _die_in_check_out(publisher, place, final, "printf 222 > changed; printf 2 > top")
    place.write({"changed": "edited since", "new/x": "mine"})
    assert not _publish(place, final).moved
    content = place.content()
    assert (content["changed"], content["new/x"], content["dirty"]) == (b"edited since", b"mine", b"mine")
    assert not (place.target / ".git" / "index.lock").exists()


def test_a_new_run_tidies_up_after_a_killed_one(publisher, place):
    final = _prepared(place, _repository)
    head = place.git("rev-parse", "HEAD")
    _die_in_check_out(publisher, place, final, "printf 222 > changed; printf 2 > top")
    assert asyncio.run(place.workspace().start()) == head
    assert place.git("status", "--porcelain").splitlines() == ["M dirty", "?? untracked"]
    assert not (place.target / ".git" / "index.lock").exists()


def test_what_the_person_put_there_meanwhile_is_kept(publisher, place):
    """Killed while it moved files into an existing folder; then the person takes one of the names."""
    final = _prepared(place, _empty)
    kept = _keep(place)
    moved = set[str]()
    for last in itertools.count(1):
        _reset(place, kept)
        assert _die(publisher, place, final, last) is None
        moved = {path.name for path in place.target.iterdir()} & {"changed", "file", "folder", "new", "top"}
        if moved:
            break
    assert "top" not in moved
    place.write({"top": "mine"})
    with pytest.raises(TargetError, match="not empty"):
        _publish(place, final)
    assert (place.target / "top").read_text() == "mine"


def _die_in_check_out(publisher, place, final, damage):
    _die_in_git(publisher, place, final, "read-tree -m -u", damage)


def _die_in_git(publisher, place, final, arguments, damage):
    """Publish with a git that does some damage instead of one command, and takes its caller with it."""
    folder = place.root / "dying"
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(
        DYING_GIT.format(arguments=arguments.replace(" ", "*"), damage=damage, git=shutil.which("git"))
    )
    (folder / "git").chmod(stat.S_IRWXU)
    assert _die(publisher, place, final, path=f"{folder}:{os.environ['PATH']}") is None
