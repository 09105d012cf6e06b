"""What providers say of their limits is read, waited for and told to whoever comes later; their models are listed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.models.catalogue import Catalogue
from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.limits import Allowance, allowances, reset_seconds, seconds_of
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.bootstrap import real_determinism
from astrolabe.errors import MissingError, ModelBusyError, ModelKeyError
from astrolabe.testing.models import Limits, ModelServer, say
from tests.integration.models.asking import HELLO, KEY, MODEL, SERVED, options_of

NOW = 1_800_000_000.0
TOLD = (Wire.OPENAI, Wire.OPENAI_RESPONSES, Wire.ANTHROPIC)
"""Gemini tells no limits in headers."""


def catalogue(server: ModelServer, wire: Wire, file: Path | None = None, **options: Any) -> Catalogue:
    told = options_of(server, wire, **options)
    return Catalogue(told, lambda _: "", determinism=real_determinism(), limits=file)


@pytest.mark.parametrize("wire", TOLD, ids=lambda wire: wire.value)
def test_nobody_asks_before_a_limit_is_reset(wire: Wire, tmp_path: Path) -> None:
    used_up = Limits(requests=50, requests_left=0, tokens=1000, tokens_left=10, reset_seconds=500)
    with ModelServer([say("Yes.").model_copy(update={"limits": used_up})]) as server:

        async def twice() -> None:
            models = catalogue(server, wire, tmp_path / "limits.json")
            model = models.named(f"there/{MODEL}")
            await model.ask(HELLO)
            with pytest.raises(ModelBusyError) as caught:
                await model.ask(HELLO)
            assert caught.value.retry_after_seconds is not None
            await models.aclose()

        asyncio.run(twice())
        assert len(server.requests) == 1
        seen = catalogue(server, wire, tmp_path / "limits.json").limits(f"there/{MODEL}")
    assert ("requests", 0, 50) in {(limit.what, limit.left, limit.most) for limit in seen}
    assert ("tokens", 10, 1000) in {(limit.what, limit.left, limit.most) for limit in seen}


def test_a_short_wait_is_waited() -> None:
    soon = Limits(requests_left=0, reset_seconds=0.05)
    with ModelServer([say("Yes.").model_copy(update={"limits": soon, "times": 2})]) as server:

        async def twice() -> None:
            models = catalogue(server, Wire.OPENAI)
            model = models.named(f"there/{MODEL}")
            before = asyncio.get_running_loop().time()
            await model.ask(HELLO)
            await model.ask(HELLO)
            assert asyncio.get_running_loop().time() - before >= 0.05
            await models.aclose()

        asyncio.run(twice())
        assert len(server.requests) == 2


@pytest.mark.parametrize("wire", SERVED, ids=lambda wire: wire.value)
def test_a_provider_names_its_models_to_whoever_has_its_key(wire: Wire) -> None:
    async def listed(**options: Any) -> tuple[str, ...]:
        models = catalogue(server, wire, **options)
        try:
            return await models.models_of("there")
        finally:
            await models.aclose()

    with ModelServer(models=["a", "b"], key=KEY) as server:
        assert asyncio.run(listed()) == ("a", "b")
        with pytest.raises(ModelKeyError) as caught:
            asyncio.run(listed(key="sk-wrong-one"))
    assert "sk-wrong-one" not in str(caught.value)


def test_a_provider_nobody_knows_is_missing() -> None:
    models = Catalogue(ModelOptions(), lambda _: "", determinism=real_determinism())
    with pytest.raises(MissingError, match="opnai") as caught:
        asyncio.run(models.models_of("opnai"))
    assert "openai" in caught.value.hint


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("17", 17.0),
        ("0", 0.0),
        (str(NOW + 40), 40.0),
        ("2027-01-15T08:00:05Z", 5.0),
        ("2020-01-01T00:00:00Z", 0.0),
        ("soon", None),
        ("-3", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_reset_is_understood_however_it_is_written(told: str, seconds: float | None) -> None:
    assert seconds_of(told, NOW) == (None if seconds is None else pytest.approx(seconds))


def test_headers_of_each_kind_are_read() -> None:
    assert allowances({"X-RateLimit-Remaining-Requests": "5"}, NOW) == (Allowance("requests", None, 5, None),)
    told = {
        "anthropic-ratelimit-input-tokens-limit": "100",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2027-01-15T08:00:05Z",
    }
    assert allowances(told, NOW) == (Allowance("tokens read", 100, 0, 5.0),)
    assert reset_seconds(told, NOW) == 5.0
    assert allowances({"x-ratelimit-remaining-tokens": "many"}, NOW) == ()


def test_what_one_process_has_used_up_another_does_not_ask_for(tmp_path: Path) -> None:
    used_up = Limits(requests=50, requests_left=0, reset_seconds=500)
    with ModelServer([say("Yes.").model_copy(update={"limits": used_up})]) as server:

        async def both() -> None:
            one, other = (catalogue(server, Wire.OPENAI, tmp_path / "limits.json") for _ in range(2))
            await one.named(f"there/{MODEL}").ask(HELLO)
            with pytest.raises(ModelBusyError) as caught:
                await other.named(f"there/{MODEL}").ask(HELLO)
            assert caught.value.retry_after_seconds is not None
            await one.aclose()
            await other.aclose()

        asyncio.run(both())
        assert len(server.requests) == 1
