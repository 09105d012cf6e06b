"""What a run leaves when all its tasks have passed: one commit, proved again where joining could have broken something."""

from astrolabe.domain.evidence import Verdict
from astrolabe.engine.attempt import verify_side_by_side
from astrolabe.engine.floor import Floor


async def join_results(floor: Floor) -> tuple[str | None, str]:
    """Return the run's final commit and why there is none.

    Several last tasks are joined in one merge commit, on which the checks of all tasks are put again; evidence about inputs
    the merge did not change is taken over rather than gathered anew.
    """
    tasks = floor.log.state.tasks
    ends = [tasks[task.id].commit for task in floor.plan.sinks()]
    commits = tuple(dict.fromkeys(commit for commit in ends if commit))
    if not commits:
        return None, ""
    heads = await floor.workspace.heads(commits)
    if len(heads) == 1:
        return heads[0], ""
    joined = await floor.workspace.join(heads, floor.ground.base)
    if joined.conflicts:
        return None, f"the tasks' results cannot be joined: {', '.join(joined.conflicts)} conflict"
    fault = await _prove(floor, joined.tree)
    if fault:
        return None, fault
    message = f"Join {len(heads)} tasks\n\nAstrolabe-Run: {floor.run}\nAstrolabe-Tree: {joined.tree}\n"
    commit = await floor.workspace.commit(joined.tree, heads, message, floor.log.state.created_at)
    await floor.workspace.keep(f"runs/{floor.run}/joined", commit)
    return commit, ""


async def _prove(floor: Floor, tree: str) -> str:
    tasks = floor.log.state.tasks
    known = {
        (task, evidence.check)
        for task, state in tasks.items()
        for evidence in state.evidence
        if evidence.tree == tree
    }
    checks = [
        (task, check, tasks[task.id].attempt)
        for task in floor.plan.tasks
        for check in task.checks
        if (task.id, check.name) not in known
    ]
    await verify_side_by_side(floor, checks, tree)
    failed = [
        f"{evidence.check!r} of {task!r} ({evidence.reason})"
        for task, state in tasks.items()
        for evidence in state.evidence
        if evidence.tree == tree and evidence.verdict is Verdict.FAILED
    ]
    return (
        f"each task passed, but on the joined tree these checks failed: {', '.join(failed)}" if failed else ""
    )
