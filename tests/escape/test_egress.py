"""What a policy does not name is not reached, by whatever a command tries; and all it tries is written down."""

import asyncio
import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.sandboxes import self_test
from astrolabe.domain.egress import EgressOptions, Ruling
from astrolabe.domain.policy import Policy
from astrolabe.ports.sandbox import FileEntry, Outcome, Setup
from tests.client_hello import hello, with_extension
from tests.contract.sandbox.conftest import egress_to

_SCRIPT = Path(__file__).with_name("egress_attempts.py")
_NAMES = [
    name
    for name in re.findall(r"^def (\w+)\(\w+: Facts\) -> str \| None:", _SCRIPT.read_text(), re.MULTILINE)
    if name not in {"refused", "cut_off"}
]


@dataclass
class Aftermath:
    """What the attempts said, what the gate wrote down, and who came to the far side."""

    judged: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    visits: list[bytes] = field(default_factory=list[bytes])
    port: int = 0


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    after = Aftermath()
    known = {"good.example": "127.0.0.1", "inner.example": "127.0.0.1", "meta.example": "169.254.169.254"}
    known["mapped.example"] = "::ffff:127.0.0.1"

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return [known[host]]

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said := await reader.read(65536):
            after.visits.append(said)
            writer.write(b"far")
        writer.close()

    async def scenario() -> None:
        async with await asyncio.start_server(visited, "127.0.0.1", 0) as far:
            after.port = port = far.sockets[0].getsockname()[1]
            options = EgressOptions(private=(f"good.example:{port}=127.0.0.1",))
            sandbox = egress_to(tmp_path_factory.mktemp("cache"), options, resolve)
            network = tuple(f"{host}:{port}" for host in known)
            setup = Setup(policy=Policy(wall_seconds=60, network=network), mounts=self_test.interpreter())
            async with sandbox.open(setup) as box:
                await box.put([FileEntry("attempts.py", 0o100644, _SCRIPT.read_bytes())])
                facts = _facts(port)
                command = [self_test.PYTHON, "-I", "-S", "attempts.py", json.dumps(facts)]
                after.outcomes.append(await box.run(command))
                again = "import socket; socket.create_connection(('127.0.0.1', 3128), 2)"
                after.outcomes.append(await box.run([self_test.PYTHON, "-I", "-S", "-c", again]))

    asyncio.run(scenario())
    lines = after.outcomes[0].stdout.splitlines()
    after.judged = {found["name"]: found for found in map(json.loads, lines)}
    return after


def _facts(port: int) -> dict[str, Any]:
    good = hello("good.example")
    return {
        "port": port,
        "host_address": socket.gethostbyname(socket.gethostname()),
        "hello": good.hex(),
        "inner_hello": hello("inner.example").hex(),
        "evil_hello": hello("evil.example").hex(),
        "nameless_hello": hello(None).hex(),
        "hidden_hello": with_extension(good, 0xFE0D).hex(),
    }


@pytest.mark.parametrize("name", _NAMES)
def test_it_does_not_get_past_the_gate(aftermath: Aftermath, name: str) -> None:
    assert name in aftermath.judged, aftermath.outcomes
    assert aftermath.judged[name]["held"], aftermath.judged[name]["detail"]


def test_what_the_policy_names_is_reached(aftermath: Aftermath) -> None:
    assert aftermath.judged["allowed"]["held"], aftermath.judged["allowed"]["detail"]
    (said,) = aftermath.visits
    assert said.startswith(b"\x16\3")


def test_every_request_is_written_down(aftermath: Aftermath) -> None:
    requests = aftermath.outcomes[0].requests
    assert len(requests) >= len(_NAMES)
    (allowed,) = [one for one in requests if one.ruling is Ruling.ALLOWED]
    assert (allowed.host, allowed.port, allowed.received_bytes) == ("GOOD.example", aftermath.port, 3)
    assert allowed.sent_bytes == len(aftermath.visits[0])
    refused = [one for one in requests if one is not allowed]
    assert {one.ruling for one in refused} == {Ruling.REFUSED}
    assert all(one.reason for one in refused)
    assert {"evil.example", "169.254.169.254", "meta.example"} <= {one.host for one in refused}


def test_each_command_has_a_gate_of_its_own(aftermath: Aftermath) -> None:
    """Nothing of the first is left for the second: its own was the one that answered, and nothing was said to it."""
    (only,) = aftermath.outcomes[1].requests
    assert aftermath.outcomes[1].exit_code == 0
    assert (only.ruling, only.host) == (Ruling.REFUSED, "")
