"""Look for inputs that take time with more than their length: growth.py TARGET PUMPS SECONDS FOLDER SEED.

What stands in seeds, in the corpus of `guided.py` and among the target's words is cut, and a piece of it repeated until it is
as long as inputs become: what takes long, and four times as long for twice the length, is a fault. Nothing is instrumented
here, so the times are true.
"""

import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from catalogue import target_of
from judging import Judge
from target import Target

_SHORT = 8_192
_SUSPECT_SECONDS = 0.015
_SUSPECT_GROWTH = 2.8
_MOST_SECONDS = 1.0
_LIMIT_SECONDS = 8.0
_WORDS = tuple(bytes([byte]) for byte in b" \n\t\"'<(){}[]:;/\\#-a1")
"""Pieces that are repeated for every target."""


def main() -> None:
    name, pumps, seconds, place, seed = sys.argv[1:]
    target, folder = target_of(name), Path(place)
    judge = Judge(target, folder, _LIMIT_SECONDS)
    judge.watch()
    draw = random.Random(int(seed))
    pool = _pool(target, folder)
    began = time.process_time()
    for slow in sorted((folder / "slow").glob("*")) if (folder / "slow").is_dir() else ():
        _judge_size(judge, slow.read_bytes())
    for _ in range(int(pumps)):
        if time.process_time() - began > float(seconds):
            break
        _pump(judge, draw, pool, target)
    judge.tell("growth")


def _pool(target: Target, folder: Path) -> list[bytes]:
    corpus = sorted((folder / "corpus").glob("*"))
    random.Random(0).shuffle(corpus)
    found = [*target.seeds(), *(path.read_bytes() for path in corpus[:1500])]
    return [one[:4096] for one in found if one] or [b" ", *target.words]


def _pump(judge: Judge, draw: random.Random, pool: Sequence[bytes], target: Target) -> None:
    ends, bits = _shape(draw, pool, (*target.words, *_WORDS))
    short = judge.spent(_pumped(ends, bits, _SHORT))
    if short > _MOST_SECONDS or (short > _SUSPECT_SECONDS and _grows(judge, ends, bits, short)):
        _measured(judge, ends, bits, target.most)


def _grows(judge: Judge, ends: Sequence[bytes], bits: Sequence[bytes], short: float) -> bool:
    return judge.spent(_pumped(ends, bits, 2 * _SHORT)) > _SUSPECT_GROWTH * short


def _measured(judge: Judge, ends: Sequence[bytes], bits: Sequence[bytes], most: int) -> None:
    half = min(judge.spent(_pumped(ends, bits, most // 2)) for _ in range(2))
    whole = _pumped(ends, bits, most)
    took = judge.spent(whole)
    if took > _MOST_SECONDS or (took > 0.3 and took > 3 * half):
        print(f"{half:.2f} s for {most // 2}, {took:.2f} s for {most}: {ends!r} {bits!r}"[:600], flush=True)
        judge.grew(took, half, whole, repr((ends, bits)))


def _judge_size(judge: Judge, data: bytes) -> None:
    took = judge.spent(data)
    if took > _MOST_SECONDS:
        judge.grew(took, 0.0, data, "one of the slowest that were found")


def _shape(
    draw: random.Random, pool: Sequence[bytes], words: Sequence[bytes]
) -> tuple[list[bytes], list[bytes]]:
    """Return what stands around the pieces that are repeated, and these: one or two of them."""
    whole = draw.choice(pool)
    count = 1 if draw.random() < 0.7 else 2
    cuts = sorted(draw.randint(0, len(whole)) for _ in range(count))
    ends = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    if draw.random() < 0.3:
        ends[-1] = b""
    bits = [_bit(draw, pool, words) for _ in range(count)]
    return ends, bits


def _bit(draw: random.Random, pool: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    if draw.random() < 0.5:
        return b"".join(draw.choices(words, k=draw.randint(1, 3)))
    other = draw.choice(pool)
    start = draw.randrange(len(other))
    return other[start : start + draw.choice((1, 1, 2, 3, 5, 8, 20, 60))]


def _pumped(ends: Sequence[bytes], bits: Sequence[bytes], length: int) -> bytes:
    room = max(0, length - sum(map(len, ends))) // len(bits)
    out = ends[0]
    for bit, end in zip(bits, ends[1:], strict=True):
        out += bit * (room // len(bit)) + end
    return out


if __name__ == "__main__":
    main()
