"""What people want built, in words."""

from target import Target, files, text

from astrolabe.errors import GoalError
from astrolabe.planning.recipe import Goal
from astrolabe.planning.static import checked_goal
from astrolabe.roles.webapp.recipe import WebAppRecipe

RECIPE = WebAppRecipe()


def goals(data: bytes) -> None:
    goal = checked_goal(
        Goal(text(data[1:]), ("brief.md", "brief.yaml", "brief.txt", None)[data[0] % 4] if data else None)
    )
    understood = RECIPE.read(goal)
    if understood is not None:
        RECIPE.tasks(understood)


TARGETS = {
    "goals": Target(goals, (GoalError,), (b"\0# ", b"\n## ", b"\n- ", b"\n  - ", b" has ", b" can ", b"each ", b"only ", b"A ", b"application ", b": ", b"required", b"entities:\n", b"| ", b"---", b"admins ", b"users ", b"(one of a, b)", b"and ", b"unless "), lambda: [b"\3" + one for one in (*files("examples/*.txt"), *files("examples/*.md"), *files("examples/*.yaml"), b"An app for a library. Books have a title and an author. Only librarians can delete books.")], most=8192),
}  # fmt: skip
