"""Ollama's own package works with the vendors' models."""

import ollama
import pytest

from tests.support.config import CLIENT_KEY
from tests.support.house import MODELS, House


@pytest.fixture
def ours(home: House) -> ollama.Client:
    return ollama.Client(host=home.proxy.url, headers={"authorization": f"Bearer {CLIENT_KEY}"})


def weather(city: str) -> str:
    """How the weather is.

    Args:
        city: where
    """
    return f"rain in {city}"


@pytest.mark.parametrize("upstream", ["anthropic", "openai_chat"])
def test_it_chats_calls_tools_and_prompts(home: House, ours: ollama.Client, upstream: str) -> None:
    model = MODELS[upstream][0]
    said = "".join(part.message.content or "" for part in ours.chat(model, [user("hello")], stream=True))
    assert said == "echo: hello"
    history = [user('CALL weather {"city":"Oslo"}')]
    asked = ours.chat(model, history, tools=[weather]).message
    [call] = asked.tool_calls or ()
    assert (call.function.name, call.function.arguments) == ("weather", {"city": "Oslo"})
    result = {"role": "tool", "tool_name": "weather", "content": weather("Oslo")}
    assert ours.chat(model, [*history, asked, result], tools=[weather]).message.content == "done"
    assert ours.generate(model, "hello").response == "echo: hello"


def test_it_sees_the_models_and_what_they_can(home: House, ours: ollama.Client) -> None:
    listed = {model.model for model in ours.list().models}
    assert {names[0] for names in MODELS.values()} <= listed
    assert "completion" in (ours.show(MODELS["anthropic"][0]).capabilities or ())
    with pytest.raises(ollama.ResponseError, match="nobody") as caught:
        ours.show("nobody")
    assert caught.value.status_code == 404


def test_a_key_is_asked_for(home: House) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        ollama.Client(host=home.proxy.url).list()
    assert caught.value.status_code == 401


def user(words: str) -> dict[str, str]:
    return {"role": "user", "content": words}
