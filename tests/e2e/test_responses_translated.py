"""OpenAI's SDK speaks Responses with vendors of other dialects."""

import json
from typing import Any, Final

import openai
import pytest

from tests.support.config import CLIENT_KEY
from tests.support.house import MODELS, House
from tests.vendors import behaviour as acts
from tests.vendors.behaviour import Reply, Stop, Text, Thinking, Tokens, ToolCall

TOOL: Final[Any] = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}
SCHEMA: Final = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.fixture
def client(home: House) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{home.proxy.url}/v1", api_key=CLIENT_KEY, max_retries=0, timeout=20)


def heard(client: openai.OpenAI, upstream: str, given: Any, *, stream: bool, **more: Any) -> Any:
    """The final reply."""
    asked: dict[str, Any] = {"model": MODELS[upstream][0], "input": given, **more}
    if not stream:
        return client.responses.create(**asked)
    with client.responses.stream(**asked) as events:
        return events.get_final_response()


def test_text_is_answered(home: House, client: openai.OpenAI, upstream: str, stream: bool) -> None:
    usage = Tokens(input=100, cached=30, output=40, reasoning=10)
    home.vendors[upstream].script.then(Reply((Text("It is fine."),), usage=usage))
    got = heard(client, upstream, "hello", stream=stream, instructions="be kind", metadata={"a": "b"})
    assert (got.output_text, got.model, got.status) == ("It is fine.", MODELS[upstream][0], "completed")
    assert (got.instructions, got.metadata) == ("be kind", {"a": "b"})
    assert (got.usage.input_tokens, got.usage.output_tokens) == (100, 40)
    assert got.usage.input_tokens_details.cached_tokens == 30
    assert b"be kind" in home.vendors[upstream].asked[0].body


def test_thoughts_and_parallel_calls_make_a_round_trip(
    home: House, client: openai.OpenAI, upstream: str, stream: bool
) -> None:
    calls = (ToolCall("get_weather", '{"city":"Rome"}'), ToolCall("get_weather", '{"city":"Paris"}'))
    home.vendors[upstream].script.then(Reply((Thinking("I think."), Text("I look."), *calls)))
    given: list[Any] = [{"role": "user", "content": "what now?"}]
    wish = {"tools": [TOOL], "reasoning": {"effort": "low", "summary": "auto"}, "max_output_tokens": 8000}
    got = heard(client, upstream, given, stream=stream, **wish)
    assert [item.type for item in got.output] == ["reasoning", "message", "function_call", "function_call"]
    assert [json.loads(item.arguments)["city"] for item in got.output[2:]] == ["Rome", "Paris"]
    given += [item.to_dict() for item in got.output]
    given += [
        {"type": "function_call_output", "call_id": item.call_id, "output": f"of {item.arguments}"}
        for item in reversed(got.output[2:])
    ]
    # The vendor refuses a history in which a call has no result, or thinking that it has not signed.
    assert heard(client, upstream, given, stream=stream, **wish).output_text == "done"
    assert b"Paris" in home.vendors[upstream].asked[-1].body


def test_structured_output_fits_its_schema(home: House, client: openai.OpenAI, upstream: str, stream: bool) -> None:
    form = {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}}
    assert json.loads(heard(client, upstream, "where?", stream=stream, text=form).output_text).keys() == {"city"}


def test_a_reply_may_end_at_the_token_limit(home: House, client: openai.OpenAI, upstream: str) -> None:
    home.vendors[upstream].script.then(Reply((Text("It is"),), stop=Stop.LENGTH))
    got = heard(client, upstream, "hello", stream=False)
    assert (got.status, got.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_a_stream_that_breaks_is_an_error_of_the_sdk(home: House, client: openai.OpenAI, upstream: str) -> None:
    home.vendors[upstream].script.then(acts.broken(acts.text("It is not to be " * 40), acts.How.ERROR, after=6))
    with pytest.raises(openai.APIError, match="Overloaded"):
        heard(client, upstream, "hello", stream=True)


def test_what_another_vendor_can_not_know_is_refused_in_openais_words(client: openai.OpenAI, upstream: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        heard(client, upstream, "hello", stream=False, previous_response_id="resp_1")
    assert refused.value.code == "previous_response_not_found"
    assert refused.value.param == "previous_response_id"
