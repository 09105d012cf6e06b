"""Prompts tried against each other: which words an attempt got stands in its run's log, and so does what came of it."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, cast

from astrolabe.agents.prompts import PROMPT, Prompt
from astrolabe.domain.run import RunState
from astrolabe.errors import MissingError
from astrolabe.evaluation.statistics import Interval, mean_interval, shares_apart, wilson
from astrolabe.services.installation import Installation

SHAPE = "astrolabe.prompts/1"


@dataclass
class _Outcomes:
    """What came of the attempts that got one wording. Money in US dollars; seconds."""

    prompt: Prompt
    passed: int = 0
    money: list[float] = field(default_factory=list[float])
    seconds: list[float] = field(default_factory=list[float])

    @property
    def trials(self) -> int:
        return len(self.seconds)


def list_prompts(installation: Installation) -> dict[str, Any]:
    """Return the prompts there are, with the share of attempts each variant gets."""
    weights: dict[str, int] = defaultdict(int)
    for prompt in installation.prompts:
        weights[prompt.name] += prompt.weight
    told = [
        {
            **_identity(prompt),
            "share": round(prompt.weight / weights[prompt.name], 6) if weights[prompt.name] else 0.0,
        }
        for prompt in installation.prompts
    ]
    return {"shape": SHAPE, "prompts": told}


def prompt_named(installation: Installation, name: str) -> Prompt:
    """Return the prompt `NAME` (its first variant) or `NAME.VARIANT`; MissingError if there is none."""
    for prompt in installation.prompts:
        if name in {prompt.name, f"{prompt.name}.{prompt.variant}"}:
            return prompt
    known = ", ".join(f"{prompt.name}.{prompt.variant}" for prompt in installation.prompts)
    raise MissingError(f"there is no prompt {name!r}", hint=f"There are: {known}.")


async def prompts_report(installation: Installation, last: int) -> dict[str, Any]:
    """Return what came of attempts by the words they got, over the newest `last` runs; intervals are of 95 %.

    An attempt passed when it ended with its checks passed. Wordings of one name are compared with the one that most attempts
    got; a new version, or another text, counts as another wording.
    """
    found: dict[tuple[str, str, int, str], _Outcomes] = {}
    for record in await installation.store.runs(limit=last):
        state = RunState(record.id).apply(await installation.store.events(record.id))
        for key, reply in state.steps.items():
            if PROMPT in key and (prompt := _prompt_in(reply)) is not None:
                _take_in(found, prompt, state, key)
    by_name: dict[str, list[_Outcomes]] = defaultdict(list)
    for outcomes in found.values():
        by_name[outcomes.prompt.name].append(outcomes)
    told = [row for name in sorted(by_name) for row in _compared(by_name[name])]
    return {"shape": SHAPE, "runs": last, "prompts": told}


def _prompt_in(reply: Any) -> Prompt | None:
    """Return the prompt a step chose (see `TreeBench.prompt`)."""
    fields = cast("dict[str, Any]", reply) if isinstance(reply, dict) else {}
    if not {"name", "variant", "version", "text"} <= fields.keys():
        return None
    return Prompt.model_validate({name: fields[name] for name in Prompt.model_fields if name in fields})


def _take_in(
    found: dict[tuple[str, str, int, str], _Outcomes], prompt: Prompt, state: RunState, key: str
) -> None:
    task, number = key.split("/")[:2]
    known = state.tasks.get(task)
    attempt = next((each for each in known.attempts if str(each.number) == number), None) if known else None
    if attempt is None or attempt.ended_at is None:
        return  # it goes on, or was cut off: nothing is known of it yet
    name = (prompt.name, prompt.variant, prompt.version, prompt.digest)
    outcomes = found.setdefault(name, _Outcomes(prompt))
    outcomes.passed += attempt.failure is None
    outcomes.seconds.append(attempt.ended_at - attempt.started_at)
    used = (usage for step, usage in state.used.items() if step.startswith(f"{task}/{number}/"))
    outcomes.money.append(sum(float(usage.get("money", 0.0)) for usage in used))


def _compared(variants: list[_Outcomes]) -> list[dict[str, Any]]:
    ordered = sorted(variants, key=lambda each: (-each.trials, each.prompt.variant, -each.prompt.version))
    first = ordered[0]
    return [_row(each, None if each is first else first) for each in ordered]


def _row(outcomes: _Outcomes, against: _Outcomes | None) -> dict[str, Any]:
    share = wilson(outcomes.passed, outcomes.trials)
    told = {
        **_identity(outcomes.prompt),
        "trials": outcomes.trials,
        "passed": outcomes.passed,
        "rate": _told(share),
        "money": _told(mean_interval(outcomes.money)),
        "seconds": _told(mean_interval(outcomes.seconds)),
        "against": None,
    }
    if against is not None:
        apart = shares_apart((outcomes.passed, outcomes.trials), (against.passed, against.trials))
        told["against"] = {
            "variant": against.prompt.variant,
            "version": against.prompt.version,
            **_told(apart),
            "excludes_zero": apart.excludes_zero,
        }
    return told


def _identity(prompt: Prompt) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "variant": prompt.variant,
        "version": prompt.version,
        "weight": prompt.weight,
        "digest": prompt.digest[:12],
    }


def _told(found: Interval) -> dict[str, float]:
    return {"estimate": round(found.estimate, 6), "low": round(found.low, 6), "high": round(found.high, 6)}
