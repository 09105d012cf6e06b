"""The agent that answers once: one question to a model, and the code in its answer becomes the task's one file.

It is for measuring what a model knows, or what a skill adds to that, without what an agent's loop would make up for.
"""

import re

from pydantic import BaseModel, Field

from astrolabe.sdk import AgentFailedError, Finish, Question, Speaker, Task, Workbench, said

_FENCED = re.compile(r"```[\w+-]*[^\S\n]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_RULES = "You write one file. Answer with the whole content of that file in one fenced code block, and with nothing else."


class AnswerInputs(BaseModel):
    """What a task of this agent is given besides its goal."""

    guidance: tuple[str, ...] = Field(
        default=(), description="Texts the model is given first, such as skills."
    )
    most_tokens: int = Field(default=700, ge=1, description="The longest answer.")
    temperature: float = Field(
        default=0.7, ge=0, le=2, description="How much answers differ between repetitions."
    )


class Answer:
    """Asks once, and writes the answer's code to the first path of the task's `writes`."""

    name = "answer"
    version = "1"
    purpose = "Writes one file from one question to a model; for measurements."
    inputs = AnswerInputs
    asks_models = True

    async def work(self, task: Task, bench: Workbench) -> None:
        """Ask, and write what was answered."""
        told = AnswerInputs.model_validate(task.inputs)
        rules = "\n\n".join((_RULES, *told.guidance))
        question = Question(
            messages=(said(Speaker.SYSTEM, rules), said(Speaker.USER, task.goal)),
            most_tokens=told.most_tokens,
            temperature=told.temperature,
        )
        reply = await bench.ask(question)
        if reply.finish is Finish.REFUSED or not reply.message.text.strip():
            raise AgentFailedError("the model gave no answer")
        await bench.write({task.writes[0]: code_in(reply.message.text)})


def code_in(answer: str) -> str:
    """Return the longest fenced block of an answer, or all of it where there is none; it ends with a line break."""
    blocks = [found[1] for found in _FENCED.finditer(answer)]
    return (max(blocks, key=len) if blocks else answer).strip("\n") + "\n"
