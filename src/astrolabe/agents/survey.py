"""Looking over a task's tree, to tell what kind of project it is."""

from astrolabe.agents.agent import Workbench
from astrolabe.projects.listing import MOST_BYTES, Listing, worth_reading


async def listing_of(bench: Workbench) -> Listing:
    """Return the present tree's paths, and the texts of its manifests and some of its tests; binary ones are left out."""
    paths = await bench.paths()
    texts: dict[str, str] = {}
    for path in worth_reading(paths):
        content = await bench.read(path)
        if len(content) <= MOST_BYTES and b"\0" not in content:
            texts[path] = content.decode("utf-8", "replace")
    return Listing(paths, texts)
