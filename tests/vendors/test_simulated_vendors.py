"""The simulated vendors, judged by the vendors' own SDKs."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.behaviour import Reply, Text, Thinking, Tokens
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import Running, running
from tests.vendors.vendor import Vendor

TOOL: Any = {
    "name": "get_weather",
    "description": "The weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CHAT_TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": TOOL["input_schema"]}}


@pytest.fixture
def claude() -> Iterator[AnthropicVendor]:
    vendor = AnthropicVendor(models=("claude-sim-1",))
    with running(vendor):
        yield vendor


@pytest.fixture(params=[True, False], ids=["genuine", "compatible"])
def chat(request: pytest.FixtureRequest) -> Iterator[OpenAIChatVendor]:
    vendor = OpenAIChatVendor(genuine=request.param, models=("gpt-sim", "gpt-5-sim"))
    with running(vendor):
        yield vendor


def claude_client(vendor: Vendor, key: str = "test-key-1") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=vendor.base_url, api_key=key, max_retries=0, timeout=5)


def chat_client(vendor: Vendor, key: str = "test-key-1") -> openai.OpenAI:
    return openai.OpenAI(base_url=vendor.base_url, api_key=key, max_retries=0, timeout=5)


def ask(client: anthropic.Anthropic, words: str = "hello", **more: Any) -> Any:
    return client.messages.create(
        **{"model": "claude-sim-1", "max_tokens": 100, "messages": [{"role": "user", "content": words}], **more}
    )


def chat_ask(client: openai.OpenAI, words: str = "hello", **more: Any) -> Any:
    return client.chat.completions.create(
        **{"model": "gpt-sim", "messages": [{"role": "user", "content": words}], **more}
    )


def test_claude_echoes(claude: AnthropicVendor) -> None:
    message = ask(claude_client(claude))
    assert message.content[0].text == "echo: hello"
    assert message.stop_reason == "end_turn"
    assert claude.keys_seen == ["test-key-1"]


def test_claude_streams_what_it_says_whole(claude: AnthropicVendor) -> None:
    says = Reply(
        (Thinking("I think."), Text("It is fine."), acts.ToolCall("get_weather", '{"city":"Paris"}')),
        usage=Tokens(input=100, cached=30, cache_written=20, output=40, reasoning=10),
    )
    claude.script.then(says, says)
    client = claude_client(claude)
    whole = ask(client, tools=[TOOL])
    with client.messages.stream(
        model="claude-sim-1", max_tokens=100, messages=[{"role": "user", "content": "hello"}], tools=[TOOL]
    ) as stream:
        streamed = stream.get_final_message()
    left, right = without_ids(whole), without_ids(streamed)
    assert left == right
    assert whole.usage.input_tokens == 50


def without_ids(message: anthropic.types.Message) -> Any:
    content = [block.model_copy(update={"id": ""}) if block.type == "tool_use" else block for block in message.content]
    return message.model_copy(update={"id": "", "content": content}).model_dump(exclude_none=True)


def test_chat_streams_what_it_says_whole(chat: OpenAIChatVendor) -> None:
    says = acts.calls(("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Rome"}), interleaved=True)
    chat.script.then(says, says)
    client = chat_client(chat)
    whole = chat_ask(client, tools=[CHAT_TOOL]).choices[0]
    with client.chat.completions.stream(
        model="gpt-sim", messages=[{"role": "user", "content": "hello"}], tools=[CHAT_TOOL]
    ) as stream:
        streamed = stream.get_final_completion().choices[0]
    assert streamed.finish_reason == whole.finish_reason == "tool_calls"
    for left, right in zip(whole.message.tool_calls, streamed.message.tool_calls or (), strict=True):
        assert (left.function.name, json.loads(left.function.arguments)) == (
            right.function.name,
            json.loads(right.function.arguments),
        )


def test_claude_takes_its_own_signature_back_and_no_other(claude: AnthropicVendor) -> None:
    client = claude_client(claude)
    thinking = {"type": "enabled", "budget_tokens": 1024}
    first = ask(client, 'CALL get_weather {"city": "Paris"}', tools=[TOOL], thinking=thinking, max_tokens=2000)
    call = next(block for block in first.content if block.type == "tool_use")
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]},
    ]
    again = ask(client, messages=history, tools=[TOOL], thinking=thinking, max_tokens=2000)
    assert again.content[-1].text == "done"
    history[1]["content"][0]["signature"] = "c2lnbmVkIGJ5IGFub3RoZXI="  # type: ignore[index]
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        ask(client, messages=history, tools=[TOOL], thinking=thinking, max_tokens=2000)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
def test_scripted_statuses_are_in_the_vendors_form(
    claude: AnthropicVendor, status: int, error: type[anthropic.APIStatusError]
) -> None:
    claude.for_key("test-key-1").then(acts.refused(status, "so it is", retry_after="7"))
    with pytest.raises(error) as caught:
        ask(claude_client(claude))
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.body["error"]["message"] == "so it is"  # type: ignore[index]
    assert ask(claude_client(claude)).content[0].text == "echo: hello"


@pytest.mark.parametrize(
    "fault",
    [acts.RESET_BEFORE_HEAD, acts.RESET_AFTER_HEAD, acts.RESET_MIDWAY, acts.CLOSED_BEFORE_HEAD, acts.HALF_A_STREAM],
    ids=["reset before head", "reset after head", "reset midway", "closed before head", "half a stream"],
)
def test_broken_replies_break_for_both_vendors(
    claude: AnthropicVendor, chat: OpenAIChatVendor, fault: acts.Behaviour
) -> None:
    for streamed in (True, False):
        claude.script.then(fault)
        chat.script.then(fault)
        with pytest.raises(Exception, match=r"[Cc]onnection|closed|reset|incomplete|peer"):
            list(ask(claude_client(claude), stream=streamed))
        with pytest.raises(Exception, match=r"[Cc]onnection|closed|reset|incomplete|peer"):
            list(chat_ask(chat_client(chat), stream=streamed))
    assert not claude.cancelled.is_set()


def test_an_error_can_come_inside_a_stream(claude: AnthropicVendor, chat: OpenAIChatVendor) -> None:
    for fault in (acts.ERROR_AT_HEAD, acts.ERROR_MIDWAY):
        claude.script.then(fault)
        chat.script.then(fault)
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            list(ask(claude_client(claude), stream=True))
        with pytest.raises(openai.APIError, match="Overloaded"):
            list(chat_ask(chat_client(chat), stream=True))


def test_genuine_openai_refuses_what_a_compatible_ignores(chat: OpenAIChatVendor) -> None:
    client = chat_client(chat)
    if chat.genuine:
        with pytest.raises(openai.BadRequestError, match="Unknown parameter: 'top_k'"):
            chat_ask(client, extra_body={"top_k": 3})
        with pytest.raises(openai.BadRequestError, match="max_completion_tokens"):
            chat_ask(client, model="gpt-5-sim", max_tokens=5)
    else:
        assert chat_ask(client, extra_body={"top_k": 3}).choices[0].message.content == "echo: hello"


def test_usage_comes_in_a_stream_as_asked(chat: OpenAIChatVendor) -> None:
    chunks = list(chat_ask(chat_client(chat), stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.total_tokens > 0
    without = [chunk.usage for chunk in chat_ask(chat_client(chat), stream=True)]
    assert any(without) is not chat.genuine


def test_a_vendor_notices_that_its_client_has_gone() -> None:
    vendor = AnthropicVendor()
    with running(vendor) as thread:
        vendor.script.then(acts.silent(30))
        left_s = leave_midway(vendor)
        thread.call(vendor.cancelled.wait(), 5)
        assert vendor.disconnects[0].at_s - left_s < 1


def leave_midway(vendor: AnthropicVendor) -> float:
    with ask(claude_client(vendor), stream=True) as stream:
        next(iter(stream))
    return time.monotonic()


def test_one_connection_serves_many_requests(claude: AnthropicVendor) -> None:
    client = claude_client(claude)
    for number in range(5):
        assert ask(client, f"number {number}").content[0].text == f"echo: number {number}"
    assert {request.connection for request in claude.requests} == {0}


def test_a_burst_arrives_in_few_writes() -> None:
    async def chunks() -> int:
        async with AnthropicVendor() as vendor:
            vendor.script.then(acts.text("word " * 720, writes=3))
            reader, writer = await asyncio.open_connection("127.0.0.1", vendor.port)
            body = b'{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}'
            writer.write(
                b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: test-key-1\r\nanthropic-version: 1\r\n"
                b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
                % (len(body), body)
            )
            answer = await reader.read(-1)
            writer.close()
            assert answer.count(b"event: content_block_delta") == 300
            return answer.count(b"event: ping")

    assert asyncio.run(chunks()) == 1


def test_counts_and_lists_are_answered(claude: AnthropicVendor, chat: OpenAIChatVendor) -> None:
    client = claude_client(claude)
    counted = client.messages.count_tokens(model="claude-sim-1", messages=[{"role": "user", "content": "hello"}])
    assert counted.input_tokens == ask(client).usage.input_tokens
    assert [model.id for model in client.models.list()] == ["claude-sim-1"]
    assert [model.id for model in chat_client(chat).models.list()] == ["gpt-sim", "gpt-5-sim"]


def test_running_raises_the_bugs_of_a_vendor() -> None:
    def buggy(prompt: object) -> Reply:
        raise ZeroDivisionError

    vendor = AnthropicVendor(answer=buggy)
    with (
        pytest.raises(ExceptionGroup, match="a simulated vendor failed"),
        running(vendor),
        pytest.raises(anthropic.APIConnectionError),
    ):
        ask(claude_client(vendor))


def test_unknown_keys_and_models_are_refused(claude: AnthropicVendor, chat: OpenAIChatVendor) -> None:
    with pytest.raises(anthropic.AuthenticationError, match="invalid bearer token"):
        ask(claude_client(claude, "sk-other"))
    with pytest.raises(anthropic.NotFoundError, match="model: claude-none"):
        ask(claude_client(claude), model="claude-none")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        chat_ask(chat_client(chat, "sk-other"))
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        chat_ask(chat_client(chat), model="gpt-none")


def test_the_thread_runs_what_it_is_given() -> None:
    thread = Running()
    assert thread.call(asyncio.sleep(0, "slept")) == "slept"
    thread.stop()
