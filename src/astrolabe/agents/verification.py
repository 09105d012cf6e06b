"""Running a task's checks. The engine calls this; no agent can, and nothing an agent says changes a verdict."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from astrolabe.agents.discretion import without_secrets
from astrolabe.agents.environment import Prepared, Preparer
from astrolabe.domain.evidence import Artifact, Evidence, Verdict
from astrolabe.domain.plan import Check, Task
from astrolabe.domain.policy import Policy
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.domain.secrets.stream import RedactedStream
from astrolabe.errors import MissingError, OfflineError, PolicyViolationError, UnavailableError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Sandbox
from astrolabe.ports.store import Store
from astrolabe.ports.workspace import Workspace

TAIL_CHARACTERS = 4000
"""How much of a check's output its evidence quotes; all of it is kept as a blob."""

_FILE = 0o100644

Live = Callable[[str, bytes], None]
"""Called with a check's name and a piece of its output, as it comes."""

Take = Callable[[Sequence[str]], Awaitable[tuple[FileEntry, ...]]]


@dataclass(frozen=True)
class _Question:
    """A check, put to one tree: everything its answer can depend on."""

    check: Check
    seconds: float
    tree: str
    policy_digest: str
    limits: Mapping[str, str]
    prepared: Prepared
    given: tuple[Artifact, ...]
    inputs_digest: str


@dataclass
class _Heard:
    """A command's output in the order it came, both streams together."""

    live: Callable[[bytes], None]
    pieces: list[bytes] = field(default_factory=list[bytes])

    def __call__(self, _stream: str, piece: bytes) -> None:
        self.pieces.append(piece)
        self.live(piece)

    def text(self) -> str:
        return b"".join(self.pieces).decode(errors="replace")


class Verifier:
    """Puts the checks of one run to trees, in sandboxes, and writes down what came out.

    `reuse` lets it take over what earlier runs proved; what this run has proved is never asked twice.
    A check that may reach a network is always asked: the answer can be another one tomorrow.
    """

    def __init__(
        self,
        *,
        run: str,
        store: Store,
        workspace: Workspace,
        sandbox: Sandbox,
        preparer: Preparer,
        determinism: Determinism,
        policy: Policy,
        reuse: bool,
        redactor: Redactor,
    ) -> None:
        self._run = run
        self._passed: dict[str, Evidence] = {}
        self._store = store
        self._workspace = workspace
        self._sandbox = sandbox
        self._preparer = preparer
        self._determinism = determinism
        self._policy = policy
        self._reuse = reuse
        self._redactor = redactor

    async def verify(
        self, task: Task, check: Check, tree: str, live: Live, answers: Sequence[Evidence] = ()
    ) -> Evidence:
        """Return evidence of `check` on `tree`: reused when the same question has been answered before, else fresh.

        `answers` is the evidence about that tree of the checks it uses. Unless each of them passed it cannot look.

        Raises:
            SandboxUnavailableError: no code may run here.
        """
        policy = check.policy or self._policy
        if lacking := _lacking(check, answers):
            return await self._unasked(check, tree, policy, f"it uses {lacking}")
        environment = check.environment or task.environment
        try:
            prepared = await self._preparer.prepare(environment, tree, policy)
        except (UnavailableError, MissingError, OfflineError) as error:
            reason = f"{error}" + (f" ({error.hint})" if error.hint else "")
            return await self._unasked(check, tree, policy, reason)
        given = tuple(artifact for answer in answers for artifact in answer.artifacts)
        limits = (await self._sandbox.self_test()).limits
        in_force = policy.digest(limits)
        digest = await self._digest(check, tree, in_force, prepared, given)
        if not policy.network and (known := await self._known(digest)) is not None:
            return _again(known, check, tree)
        seconds = min(check.timeout_seconds, policy.wall_seconds)
        question = _Question(check, seconds, tree, in_force, limits, prepared, given, digest)
        evidence = await self._ask(question, live)
        if evidence.verdict is Verdict.PASSED and not policy.network:
            self._passed[digest] = evidence
        return evidence

    async def _known(self, digest: str) -> tuple[str, Evidence] | None:
        if digest in self._passed:
            return self._run, self._passed[digest]
        return await self._store.evidence_for(digest) if self._reuse else None

    async def _digest(
        self, check: Check, tree: str, policy_digest: str, prepared: Prepared, given: Sequence[Artifact]
    ) -> str:
        content = await self._workspace.digest(tree, check.inputs)
        parts = [
            check.run,
            content,
            prepared.digest,
            policy_digest,
            list(check.produces),
            check.not_run_exit_code,
            [[artifact.path, artifact.digest] for artifact in given],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    async def _ask(self, question: _Question, live: Live) -> Evidence:
        check = question.check
        shown = RedactedStream(self._redactor, lambda piece: live(check.name, piece))
        heard = _Heard(shown.put)
        started_at, started = self._determinism.now(), self._determinism.monotonic()
        files = await self._workspace.files(question.tree, check.inputs)
        async with self._sandbox.open(question.prepared.setup) as session:
            await session.put(files)
            await session.put(await self._brought(question.given))
            outcome = await session.run(
                ["sh", "-c", check.run], wall_seconds=question.seconds, on_output=heard
            )
            taken = await self._produced(check, session.take) if check.produces else ((), "")
        output = await without_secrets(self._redactor, heard.text()) + outcome.cut
        verdict, reason = _judged(question, outcome, output, taken[1])
        return Evidence(
            check=check.name,
            command=check.run,
            verdict=verdict,
            reason=reason,
            exit_code=outcome.exit_code,
            tree=question.tree,
            inputs_digest=question.inputs_digest,
            output_digest=await self._store.put_blob(output.encode()),
            output_tail=output[-TAIL_CHARACTERS:],
            policy_digest=question.policy_digest,
            sandbox=self._sandbox.name,
            limits=dict(question.limits),
            started_at=started_at,
            duration_seconds=self._determinism.monotonic() - started,
            artifacts=taken[0],
            required=check.required,
            network=outcome.requests,
        )

    async def _brought(self, given: Sequence[Artifact]) -> list[FileEntry]:
        return [
            FileEntry(artifact.path, _FILE, await self._store.blob(artifact.digest)) for artifact in given
        ]

    async def _produced(self, check: Check, take: Take) -> tuple[tuple[Artifact, ...], str]:
        """Keep what the check was to leave behind; a fault in it (an escaping link) is the check's failure."""
        try:
            files = await take(check.produces)
        except PolicyViolationError as error:
            return (), str(error)
        kept = [
            Artifact(path=f.path, digest=await self._store.put_blob(f.content), size_bytes=len(f.content))
            for f in files
        ]
        return tuple(kept), ""

    async def _unasked(self, check: Check, tree: str, policy: Policy, reason: str) -> Evidence:
        return Evidence(
            check=check.name,
            command=check.run,
            verdict=Verdict.NOT_RUN,
            reason=reason,
            tree=tree,
            inputs_digest="",
            policy_digest=policy.digest(),
            sandbox=self._sandbox.name,
            started_at=self._determinism.now(),
            duration_seconds=0.0,
            required=check.required,
        )


def _lacking(check: Check, answers: Sequence[Evidence]) -> str:
    """Name what a check uses and cannot have, and why."""
    verdicts = {answer.check: answer.verdict for answer in answers}
    found = [name for name in check.uses if verdicts.get(name) is not Verdict.PASSED]
    reasons = {
        Verdict.FAILED: "which failed",
        Verdict.NOT_RUN: "which was not run",
        None: "of which nothing is known",
    }
    return ", ".join(f"{name!r}, {reasons[verdicts.get(name)]}" for name in found)


def _judged(question: _Question, outcome: Outcome, output: str, fault: str) -> tuple[Verdict, str]:
    if outcome.ending is Ending.TIMEOUT:
        return Verdict.FAILED, f"still ran after {question.seconds:g} s"
    if outcome.ending is not Ending.EXITED:
        return Verdict.FAILED, f"was killed: {outcome.ending}"
    check = question.check
    if check.not_run_exit_code is not None and outcome.exit_code == check.not_run_exit_code:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        return Verdict.NOT_RUN, lines[-1] if lines else "it gave no reason"
    if outcome.exit_code != 0:
        return Verdict.FAILED, f"exit code {outcome.exit_code}"
    return (Verdict.FAILED, fault) if fault else (Verdict.PASSED, "")


def _again(known: tuple[str, Evidence], check: Check, tree: str) -> Evidence:
    run, evidence = known
    return evidence.model_copy(
        update={
            "check": check.name,
            "tree": tree,
            "reused_from": evidence.reused_from or run,
            "required": check.required,
        }
    )
