"""`local/NAME` is a model like any other: its server is started by the first question, and again after it was killed."""

import pytest

from astrolabe.adapters.local_models.model import local_model
from astrolabe.adapters.local_models.options import LocalModelOptions
from astrolabe.adapters.models.catalogue import Catalogue
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.bootstrap import real_determinism
from astrolabe.domain.contacts import Contacts
from astrolabe.domain.conversation import Question, Speaker, said
from astrolabe.errors import MissingError, ModelBusyError, ModelError, OfflineError
from astrolabe.ports.model import CallStyle
from tests.integration.local_models.test_serving import LONG, Place, in_loop, place, until_gone

__all__ = ["place"]


def catalogue(place: Place, contacts: Contacts | None = None, options: LocalModelOptions = LONG) -> Catalogue:
    servers = place.servers(options)
    return Catalogue(
        ModelOptions(use=("local/tiny",)),
        lambda _: "",
        contacts,
        lambda name, at: local_model(servers, name, at),
        determinism=real_determinism(),
    )


def words(text: str) -> Question:
    return Question(messages=(said(Speaker.USER, text),))


@in_loop
async def test_the_first_question_starts_it_and_the_next_one_after_it_was_killed(place: Place) -> None:
    models = catalogue(place, Contacts(offline=True))
    (model,) = models.chain("code")
    first = await model.ask(words("hello"))
    assert first.message.text == str(place.pid())
    assert first.model == "local/tiny"
    assert (await model.ask(words("hello"))).message.text == first.message.text
    with pytest.raises(ModelBusyError):
        await model.ask(words("die"))
    await until_gone(place.servers())
    assert (await model.ask(words("hello"))).message.text == str(place.pid()) != first.message.text
    await models.aclose()


def test_it_is_told_apart_what_it_can_do(place: Place) -> None:
    info = catalogue(place, options=LocalModelOptions(context_tokens=512)).named("local/tiny").info
    assert (info.name, info.window, info.call_style) == ("local/tiny", 1, CallStyle.SHAPE)


@in_loop
async def test_what_cannot_be_served_is_no_answer_and_is_not_asked_again(place: Place) -> None:
    models = catalogue(place)
    with pytest.raises(MissingError, match="no weights named"):
        models.named("local/other")
    with pytest.raises(ModelError, match="are not here") as caught:
        await models.named("local/missing").ask(words("hello"))
    assert "astrolabe models get missing" in caught.value.hint
    assert not isinstance(caught.value, ModelBusyError)


def test_offline_a_provider_is_not_asked_unless_its_address_is_named() -> None:
    own = {"company": {"base_url": "http://models.example/v1"}, "here": {"base_url": "http://127.0.0.1:1/v1"}}
    options = ModelOptions.model_validate({"providers": own})
    models = Catalogue(
        options,
        lambda _: "key",
        Contacts(True, frozenset({"models.example"})),
        determinism=real_determinism(),
    )
    for name in ("company/m", "here/m", "ollama/m"):
        assert models.named(name).info.name == name
    for name in ("openai/gpt-5", "anthropic/claude", "gemini/flash"):
        with pytest.raises(OfflineError, match=f"asking {name}"):
            models.named(name)
