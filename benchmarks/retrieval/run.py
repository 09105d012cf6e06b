"""How well the right skill is found for a task in other words, and what finding costs.

    just bench-retrieval [--no-minilm]

Recall is of this repository's own queries. Costs are CPU time of all threads together, medians of eleven.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from astrolabe.adapters.embeddings.minilm import MiniLm
from astrolabe.adapters.embeddings.static import StaticWords
from astrolabe.bootstrap import open_installation
from astrolabe.domain.skill import Scope, Skill
from astrolabe.ports.embedding import Embedder
from astrolabe.retrieval.directions import Directions, packed
from astrolabe.retrieval.passages import Passages, Stored
from astrolabe.retrieval.word_table import recorded
from astrolabe.retrieval.words import WordIndex
from astrolabe.settings import load_settings
from astrolabe.skills.matching import Matcher

HERE = Path(__file__).parent
SETS = ("paraphrases", "held_out")
DEPTHS = (1, 3, 5)
PIECES, PIECES_A_SOURCE = 100_000, 100
TASK = "fix the slug function so that it handles unicode, and cover it with tests"


def rows(name: str) -> list[tuple[str, str]]:
    lines = (HERE / f"{name}.tsv").read_text("utf-8").splitlines()
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]


def skills() -> list[Skill]:
    return [Skill(name, told, "", Scope.USER, f"/{name}", name) for name, told in rows("skills")]


def recalls(find: Callable[[str], Sequence[str]], queries: list[tuple[str, str]]) -> list[float]:
    found = [(list(find(query)), wanted) for query, wanted in queries]
    return [sum(wanted in names[:depth] for names, wanted in found) / len(queries) for depth in DEPTHS]


def by(matcher: Matcher) -> Callable[[str], Sequence[str]]:
    return lambda query: [match.skill.name for match in matcher.match(query, max(DEPTHS))]


def by_meaning_of_one(
    embedder: Embedder, texts: list[str], names: list[str]
) -> Callable[[str], Sequence[str]]:
    """Rank by one text a skill, which is what the middle of three is held against."""
    index = Directions(embedder.embed(texts))
    return lambda query: [names[at] for at, _ in index.nearest(embedder.embed([query])[0], max(DEPTHS))]


def cpu_ms(do: Callable[[], object], times: int = 11) -> float:
    do()
    taken: list[float] = []
    for _ in range(times):
        before = time.process_time()
        do()
        taken.append(time.process_time() - before)
    return statistics.median(taken) * 1000


def print_recalls(embedders: Sequence[Embedder]) -> None:
    present = skills()
    names = [skill.name for skill in present]
    whole = [f"{skill.name.replace('-', ' ')}: {skill.description}" for skill in present]
    ways = {"words (BM25)": by(Matcher(present, None))}
    for embedder in embedders:
        ways[f"{embedder.name}, name and description as one text"] = by_meaning_of_one(embedder, whole, names)
        ways[f"{embedder.name}, as skills are matched"] = by(Matcher(present, embedder))
    print(
        f"{'100 skills: recall at 1 / 3 / 5':<58}"
        + "".join(f"{name} ({len(rows(name))})".rjust(24) for name in SETS)
    )
    for way, find in ways.items():
        told = [" / ".join(f"{share:.2f}" for share in recalls(find, rows(name))) for name in SETS]
        print(f"{way:<58}" + "".join(text.rjust(24) for text in told))


def print_costs(embedders: Sequence[Embedder]) -> None:
    print("\nCPU of one match, in ms: the query's direction + looking through")
    random = np.random.default_rng(1)
    for embedder in embedders:
        asked = cpu_ms(lambda embedder=embedder: embedder.embed([TASK]))
        (wanted,) = embedder.embed([TASK])
        for count, what in ((10_000, "skills"), (100_000, "pieces of text")):
            spread = random.standard_normal((count, embedder.dimensions), dtype=np.float32)
            index = Directions(packed(spread))
            looked = cpu_ms(lambda index=index, wanted=wanted: index.nearest(wanted, 10))
            told = f"{embedder.name}, {count:,} {what}"
            print(f"{told:<58}{asked:>8.1f} + {looked:.1f} = {asked + looked:.1f}")
        memory, asked = (
            remembered(embedder.dimensions),
            cpu_ms(lambda embedder=embedder: embedder.embed([TASK])),
        )
        looked = cpu_ms(lambda memory=memory, wanted=wanted: memory.nearest(TASK, wanted, 10))
        told = f"{embedder.name}, memory of {PIECES:,} pieces, words too"
        print(f"{told:<58}{asked:>8.1f} + {looked:.1f} = {asked + looked:.1f}")
    base = [told for _, told in rows("skills")]
    many = WordIndex(f"{base[n % 100]} {base[n * 7 % 100]} number{n}" for n in range(10_000))
    print(f"{'words (BM25), 10,000 skills':<58}{cpu_ms(lambda: many.nearest(TASK, 10)):>8.1f}")


def remembered(dimensions: int) -> Passages:
    """Return a memory of many documents, their words those of the skills' descriptions, their directions by chance."""
    random = np.random.default_rng(2)
    base = [told for _, told in rows("skills")]
    made: list[Stored] = []
    for number in range(0, PIECES, PIECES_A_SOURCE):
        texts = [
            f"{base[at % 100]} {base[at * 7 % 100]} number{at}"
            for at in range(number, number + PIECES_A_SOURCE)
        ]
        spread = random.standard_normal((PIECES_A_SOURCE, dimensions), dtype=np.float32)
        made.append(Stored(str(number), PIECES_A_SOURCE, b"".join(packed(spread)), recorded(texts)))
    return Passages(made, dimensions)


async def minilm() -> Path:
    async with open_installation(load_settings()) as installation:
        return (await installation.images.toolchain("minilm")).mounts[0].source


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--no-minilm", action="store_true", help="leave out the model that has to be fetched"
    )
    chosen = options.parse_args()
    embedders: list[Embedder] = [StaticWords()]
    if not chosen.no_minilm:
        embedders.append(MiniLm(asyncio.run(minilm())))
    print_recalls(embedders)
    print_costs(embedders)


if __name__ == "__main__":
    main()
