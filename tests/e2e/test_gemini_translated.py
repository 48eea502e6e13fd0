"""Google's own SDK, answered by models of other vendors."""

import json
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.support.config import CLIENT_KEY
from tests.support.house import MODELS, House
from tests.vendors import behaviour as acts
from tests.vendors.behaviour import How, Reply, Text, Thinking, Tokens, ToolCall, broken

pytestmark = pytest.mark.parametrize("upstream", MODELS)

WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get.weather",
            description="The weather in a city.",
            parameters=types.Schema(
                type=types.Type.OBJECT,
                properties={"city": types.Schema(type=types.Type.STRING, nullable=True)},
                required=["city"],
            ),
        )
    ]
)


def sdk(home: House) -> genai.Client:
    """It closes when nobody holds it."""
    return genai.Client(api_key=CLIENT_KEY, http_options=types.HttpOptions(base_url=home.proxy.url))


def parts_of(home: House, upstream: str, *, stream: bool, **config: Any) -> tuple[list[types.Part], types.FinishReason]:
    """The parts of a reply, and why it ended."""
    client, model = sdk(home), MODELS[upstream][0]
    chosen = types.GenerateContentConfig(**config)
    if not stream:
        chunks = [client.models.generate_content(model=model, contents="go", config=chosen)]
    else:
        chunks = list(client.models.generate_content_stream(model=model, contents="go", config=chosen))
    assert {chunk.model_version for chunk in chunks} == {model}
    usage = chunks[-1].usage_metadata
    assert usage is not None
    assert usage.prompt_token_count
    candidates = [candidate for chunk in chunks for candidate in chunk.candidates or ()]
    [reason] = [candidate.finish_reason for candidate in candidates if candidate.finish_reason]
    return [part for one in candidates if one.content for part in one.content.parts or ()], reason


@pytest.mark.parametrize("stream", [False, True])
def test_words_and_calls_arrive(home: House, upstream: str, stream: bool) -> None:
    said = Reply((Text("Let me see."), ToolCall("get_weather", '{"city":"Paris"}', "call_1")), usage=Tokens(10, 20))
    home.vendors[upstream].script.then(said)
    parts, reason = parts_of(home, upstream, stream=stream, tools=[WEATHER], system_instruction="be brief")
    assert "".join(part.text or "" for part in parts) == "Let me see."
    [called] = [part.function_call for part in parts if part.function_call]
    assert (called.name, called.args, reason) == ("get.weather", {"city": "Paris"}, types.FinishReason.STOP)
    assert called.id
    [asked] = home.vendors[upstream].asked
    assert '"get_weather"' in asked.body.decode()
    assert "be brief" in asked.body.decode()


def test_a_chat_with_a_function_runs_over_several_turns(home: House, upstream: str) -> None:
    vendor = home.vendors[upstream]
    vendor.script.then(Reply((ToolCall("get_weather", '{"city":"Paris"}', "call_1"),)))
    vendor.script.then(Reply((Text("Sunny."),)))
    client = sdk(home)
    chat = client.chats.create(model=MODELS[upstream][0], config=types.GenerateContentConfig(tools=[WEATHER]))
    first = list(chat.send_message_stream("weather in Paris?"))
    [called] = [call for chunk in first for call in chunk.function_calls or ()]
    answer = types.Part.from_function_response(name=called.name or "", response={"output": "25 degrees"})
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream(answer)) == "Sunny."
    assert "25 degrees" in vendor.asked[-1].body.decode()
    assert len(chat.get_history(curated=True)) >= 4


def test_thoughts_are_shown_as_such(home: House, upstream: str) -> None:
    home.vendors[upstream].script.then(Reply((Thinking("hm"), Text("yes"))))
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
    parts, _ = parts_of(home, upstream, stream=True, thinking_config=thinking, max_output_tokens=8000)
    assert "".join(part.text or "" for part in parts if part.thought) == "hm"
    assert "".join(part.text or "" for part in parts if not part.thought) == "yes"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_has_the_form_that_was_asked_for(home: House, upstream: str, stream: bool) -> None:
    schema = types.Schema(type=types.Type.OBJECT, properties={"n": types.Schema(type=types.Type.INTEGER)})
    parts, _ = parts_of(home, upstream, stream=stream, response_mime_type="application/json", response_schema=schema)
    assert isinstance(json.loads("".join(part.text or "" for part in parts)), dict)


def test_an_error_in_a_stream_is_the_sdks_exception(home: House, upstream: str) -> None:
    home.vendors[upstream].script.then(broken(acts.LONG, How.ERROR, 2, status=529, message="too busy"))
    with pytest.raises(errors.APIError, match="too busy"):
        parts_of(home, upstream, stream=True)


def test_what_can_not_be_served_is_refused_by_its_path(home: House, upstream: str) -> None:
    with pytest.raises(errors.ClientError, match="cachedContent") as caught:
        parts_of(home, upstream, stream=False, cached_content="cachedContents/abc")
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert home.vendors[upstream].asked == []
