"""How the checks of a task wait for each other: what is wrong with the names in their `uses`."""

from collections.abc import Iterator

from astrolabe.planning.graph import cycles
from astrolabe.planning.guess import Names
from astrolabe.planning.outline import Outline, Place, Said
from astrolabe.planning.visible import visible


def uses(task: Outline) -> Iterator[tuple[Place, str, str]]:
    """Find names of no check, names that stand there twice, and checks that would wait for themselves."""
    known = {said.text: _check(said) for said in reversed(task.check_names)}
    written: dict[tuple[int, int], Said] = {}
    for said in task.uses:
        shown = visible(said.text, 80)
        if said.text not in known:
            yield said.place, f"unknown check `{shown}`", Names(known).hint(said.text)
        elif (_check(said), known[said.text]) in written:
            yield said.place, f"uses `{shown}` twice", "remove one"
        else:
            written[_check(said), known[said.text]] = said
    yield from _circles(written)


def _circles(written: dict[tuple[int, int], Said]) -> Iterator[tuple[Place, str, str]]:
    needs: list[list[int]] = [[] for _ in range(1 + max((max(pair) for pair in written), default=-1))]
    for user, used in written:
        needs[user].append(used)
    for loop in cycles(needs):
        said = [written[pair] for pair in zip(loop, [*loop[1:], loop[0]], strict=True)]
        names = " → ".join(visible(name.text, 80) for name in [said[-1], *said])
        yield said[0].place, f"cycle: {names}", "each waits for the next; remove one of these"


def _check(said: Said) -> int:
    """Return the number of the check that a text stands in; its place begins with `checks` and that number."""
    return int(said.place[1])
