"""Loading the instructions of a skill that was only listed, or a file that comes with one."""

from pydantic import Field

from astrolabe.agents.tools.tool import Arguments, Desk, Tool


class Load(Arguments):
    """What `skill` takes."""

    name: str = Field(description="A skill that was listed.")
    file: str = Field(default="", description="A file of it; its instructions when empty.")


async def _load(given: Load, desk: Desk) -> str:
    return await desk.bench.skills.load(given.name, given.file)


SKILL = Tool(
    "skill", "Load the instructions of a skill, or a file that comes with it.", Load, _load, foreign=False
)
