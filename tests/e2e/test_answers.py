"""Every client is answered by every vendor, streaming and not: the vendors' own SDKs talk to the proxy."""

import json

import pytest

from tests.support.house import MODELS, House
from tests.support.talkers import Counts, Tool
from tests.vendors import behaviour as acts
from tests.vendors.behaviour import Reply, Stop, Text, Thinking, Tokens, ToolCall
from tests.vendors.openai_chat import OpenAIChatVendor

WEATHER = Tool("get_weather", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
CLOCK = Tool("get_time", {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]})
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}
PIXEL = b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_text_is_answered_under_the_name_that_was_asked_for(
    home: House, client: str, upstream: str, stream: bool
) -> None:
    heard = home.talker(client, upstream, stream=stream).say("how are you, ça va? 🙂")
    assert heard.text == "echo: how are you, ça va? 🙂"
    assert heard.stop == "end_turn"
    assert heard.model == MODELS[upstream][0]
    (request,) = home.vendors[upstream].asked
    assert request.json["model"] == MODELS[upstream][1]
    assert bool(request.json.get("stream")) is stream
    assert request.credential == "test-key-1"


def test_a_conversation_goes_on(home: House, client: str, upstream: str, stream: bool) -> None:
    talker = home.talker(client, upstream, stream=stream)
    assert talker.say("first").text == "echo: first"
    assert talker.say("second").text == "echo: second"
    roles = [message["role"] for message in home.vendors[upstream].asked[-1].json["messages"]]
    assert roles == ["user", "assistant", "user"]


def test_parallel_tool_calls_make_a_round_trip(home: House, client: str, upstream: str, stream: bool) -> None:
    talker = home.talker(client, upstream, stream=stream, tools=(WEATHER, CLOCK))
    home.vendors[upstream].script.then(
        acts.calls(("get_weather", {"city": "Zürich"}), ("get_time", {"zone": 'a "quoted" zone'}), interleaved=True)
    )
    heard = talker.say("what now?")
    assert [(call.name, call.arguments) for call in heard.calls] == [
        ("get_weather", {"city": "Zürich"}),
        ("get_time", {"zone": 'a "quoted" zone'}),
    ]
    assert heard.stop == "tool_use"
    assert len({call.id for call in heard.calls}) == 2
    # The vendor refuses a history in which a call has no result, or a result no call.
    assert talker.tell_results({call.id: f"result of {call.name}" for call in heard.calls}).text == "done"
    sent = home.vendors[upstream].asked[-1].body
    assert b"result of get_weather" in sent
    assert b"result of get_time" in sent


def test_text_may_come_before_a_tool_call(home: House, client: str, upstream: str, stream: bool) -> None:
    talker = home.talker(client, upstream, stream=stream, tools=(WEATHER,))
    home.vendors[upstream].script.then(Reply((Text("I look it up."), ToolCall("get_weather", '{"city":"Rome"}'))))
    heard = talker.say("weather?")
    assert (heard.text, [call.arguments for call in heard.calls]) == ("I look it up.", [{"city": "Rome"}])
    assert talker.tell_results({heard.calls[0].id: "sunny"}).text == "done"


def test_a_tool_without_arguments_is_called_with_an_empty_object(
    home: House, client: str, upstream: str, stream: bool
) -> None:
    tool = Tool("now", {"type": "object", "properties": {}})
    talker = home.talker(client, upstream, stream=stream, tools=(tool,))
    home.vendors[upstream].script.then(acts.calls(("now", {})))
    assert talker.say("now?").calls[0].arguments == {}


def test_a_forced_tool_is_called(home: House, client: str, upstream: str, stream: bool) -> None:
    talker = home.talker(client, upstream, stream=stream, tools=(WEATHER, CLOCK))
    heard = talker.say("any words", tool="get_time")
    assert [(call.name, call.arguments) for call in heard.calls] == [("get_time", {"zone": "x"})]


def test_thinking_is_asked_for_and_shown(home: House, client: str, upstream: str, stream: bool) -> None:
    talker = home.talker(client, upstream, stream=stream)
    heard = talker.say("a riddle", thinking=True)
    assert heard.thinking == "Let me see: a riddle"
    assert heard.text == "echo: a riddle"
    # What was thought goes back in a form that this vendor takes, or stays out.
    assert talker.say("another", thinking=True).text == "echo: another"


def test_thinking_before_a_tool_call_survives_the_round_trip(
    home: House, client: str, upstream: str, stream: bool
) -> None:
    talker = home.talker(client, upstream, stream=stream, tools=(WEATHER,))
    home.vendors[upstream].script.then(
        Reply((Thinking("It rains, I think."), ToolCall("get_weather", '{"city":"Oslo"}')))
    )
    heard = talker.say("weather?", thinking=True)
    assert heard.thinking == "It rains, I think."
    assert talker.tell_results({heard.calls[0].id: "rain"}, thinking=True).text == "done"
    if upstream == "anthropic":  # It has signed the thought and gets it back, whatever the client can hold.
        told = json.loads(home.vendors[upstream].asked[-1].body)
        kinds = [block["type"] for block in told["messages"][1]["content"]]
        assert (kinds, told["thinking"]["type"]) == (["thinking", "tool_use"], "enabled")


def test_structured_output_fits_its_schema(home: House, client: str, upstream: str, stream: bool) -> None:
    heard = home.talker(client, upstream, stream=stream).say("a city", schema=SCHEMA)
    assert json.loads(heard.text) == {"city": "x", "degrees": 1}
    assert heard.calls == []
    assert heard.stop == "end_turn"


def test_images_arrive(home: House, client: str, upstream: str, stream: bool) -> None:
    heard = home.talker(client, upstream, stream=stream).say("what is it?", image=PIXEL)
    assert heard.text == "echo: what is it? [images: 1]"
    assert PIXEL in home.vendors[upstream].asked[0].body


def test_a_reply_may_end_at_the_token_limit(home: House, client: str, upstream: str, stream: bool) -> None:
    heard = home.talker(client, upstream, stream=stream).say("one two three four five", max_tokens=3)
    assert heard.text == "echo: one two"
    assert heard.stop == "max_tokens"


def test_a_reply_may_end_at_a_stop_string(home: House, client: str, upstream: str, stream: bool) -> None:
    heard = home.talker(client, upstream, stream=stream).say("one two three", stop=["three"])
    assert heard.text == "echo: one two "
    assert heard.stop in ("stop_sequence", "end_turn")  # Chat completions have one word for both.


def test_a_filtered_reply_is_a_refusal(home: House, client: str, upstream: str, stream: bool) -> None:
    home.vendors[upstream].script.then(Reply((Text("I can"),), stop=Stop.FILTER))
    heard = home.talker(client, upstream, stream=stream).say("something bad")
    assert (heard.text, heard.stop) == ("I can", "refusal")


def test_usage_is_what_the_vendor_counted(home: House, client: str, upstream: str, stream: bool) -> None:
    home.vendors[upstream].script.then(
        Reply((Text("fine"),), usage=Tokens(input=1000, cached=300, output=50, reasoning=20))
    )
    heard = home.talker(client, upstream, stream=stream).say("how are you?")
    assert heard.counts == Counts(input=1000, cached=300, output=50, reasoning=20)


def test_a_long_reply_arrives_whole(home: House, client: str, upstream: str, stream: bool) -> None:
    words = "".join(f"wörd{number} " for number in range(3000))
    home.vendors[upstream].script.then(acts.text(words, writes=7))
    assert home.talker(client, upstream, stream=stream).say("talk").text == words


def test_a_large_request_arrives_whole(home: House, client: str, upstream: str, stream: bool) -> None:
    words = "0123456789abcdef" * 65_536
    home.vendors[upstream].script.then(acts.text("ok"))
    assert home.talker(client, upstream, stream=stream).say(words).text == "ok"
    assert words.encode() in home.vendors[upstream].asked[0].body


def test_a_compatible_vendor_may_leave_out_done(home: House, client: str) -> None:
    vendor = home.vendors["openai_chat"]
    assert isinstance(vendor, OpenAIChatVendor)
    vendor.done = False
    try:
        heard = home.talker(client, "openai_chat", stream=True).say("hello")
    finally:
        vendor.done = True
    assert (heard.text, heard.stop) == ("echo: hello", "end_turn")


def test_a_model_that_adapts_its_thinking_is_told_an_effort(home: House, client: str, stream: bool) -> None:
    heard = home.talker(client, "anthropic", stream=stream, model="claude-adapts").say("a riddle", thinking=True)
    assert heard.thinking == "Let me see: a riddle"


def test_a_vendor_may_answer_a_stream_request_in_one_piece(home: House, client: str, upstream: str) -> None:
    home.vendors[upstream].script.then(Reply((Text("all at once"),), whole=True))
    assert home.talker(client, upstream, stream=True).say("hello").text == "all at once"


@pytest.mark.parametrize("name", ["mcp__files.read/v2", "x" * 100], ids=["odd letters", "too long"])
def test_tool_names_that_the_vendor_refuses_are_mapped_and_mapped_back(home: House, stream: bool, name: str) -> None:
    """Anthropic takes 128 letters of a smaller alphabet, chat completions 64."""
    tool = Tool(name, {"type": "object", "properties": {"a": {"type": "string"}}})
    upstream = "openai_chat"
    talker = home.talker("anthropic", upstream, stream=stream, tools=(tool,))
    vendor = home.vendors[upstream]
    talker.say("hello")
    known = vendor.asked[0].json["tools"][0]["function"]["name"]
    vendor.script.then(acts.calls((known, {"a": "b"})))
    heard = talker.say("call it")
    assert [(call.name, call.arguments) for call in heard.calls] == [(name, {"a": "b"})]
    assert talker.tell_results({heard.calls[0].id: "ok"}).text == "done"
