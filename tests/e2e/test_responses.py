"""Responses from end to end: OpenAI's SDK, the gateway, and the vendors that speak them."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import openai
import pytest

from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.proxy import Proxy
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.behaviour import Reply, Text, Thinking, Tokens, ToolCall
from tests.vendors.responses import RESETS_IN_S, ResponsesVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

KEYS: Final = ("test-key-1", "test-key-2")
TOOL: Final[Any] = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
AUTHORIZED: Final = {"authorization": f"Bearer {CLIENT_KEY}"}


class Home:
    """The Codex backend with two keys; xAI, a vendor of chat and Anthropic with one each."""

    def __init__(self, **settings: Any) -> None:
        self.codex = ResponsesVendor(keys=KEYS, models=("gpt-5-sim",))
        self.xai = ResponsesVendor(genuine=True, keys=KEYS, models=("grok-sim",))
        self.chat = ResponsesVendor(genuine=True, keys=KEYS, models=("chat-sim",))
        self.claude = AnthropicVendor(keys=KEYS, models=("claude-sim",))
        self.settings = settings

    @property
    def vendors(self) -> tuple[Vendor, ...]:
        return self.codex, self.xai, self.chat, self.claude

    def config(self) -> dict[str, Any]:
        def key(vendor: ResponsesVendor, secret: str, name: str, alias: str) -> dict[str, Any]:
            return {"api-key": secret, "base-url": vendor.base_url, "models": [{"name": name, "alias": alias}]}

        return config(
            codex_api_key=[key(self.codex, secret, "gpt-5-sim", "gpt-asked") for secret in KEYS],
            xai_api_key=[key(self.xai, KEYS[0], "grok-sim", "grok-asked")],
            chat=[compatible("sim", self.chat.base_url, KEYS[:1], {"chat-asked": "chat-sim"})],
            claude=[claude_key(self.claude.base_url, KEYS[0], {"claude-asked": "claude-sim"})],
            **{"routing": {"strategy": "fill-first"}, "disable_cooling": True, **self.settings},
        )


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Home, Proxy]]:
    """Started once."""
    home = Home()
    with running(*home.vendors), Proxy(home.config()) as proxy:
        yield home, proxy


@pytest.fixture
def home(shared: tuple[Home, Proxy]) -> Iterator[Home]:
    """The vendors, swept."""
    home, proxy = shared
    for vendor in home.vendors:
        vendor.reset()
    yield home
    for vendor in home.vendors:
        assert vendor.failures == []
        assert not any(CLIENT_KEY in str(request.headers) for request in vendor.requests)
    assert not any(key in proxy.log for key in (*KEYS, CLIENT_KEY))


@pytest.fixture
def proxy(shared: tuple[Home, Proxy]) -> Proxy:
    return shared[1]


@pytest.fixture
def client(proxy: Proxy) -> openai.OpenAI:
    return sdk(proxy)


@pytest.fixture(params=[True, False], ids=["stream", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def sdk(proxy: Proxy, path: str = "/v1") -> openai.OpenAI:
    return openai.OpenAI(base_url=proxy.url + path, api_key=CLIENT_KEY, max_retries=0, timeout=20)


def heard(client: openai.OpenAI, *, stream: bool, model: str = "gpt-asked", given: Any = "hello", **more: Any) -> Any:
    """The final reply."""
    asked: dict[str, Any] = {"model": model, "input": given, **more}
    if not stream:
        return client.responses.create(**asked)
    with client.responses.stream(**asked) as events:
        return events.get_final_response()


def post(proxy: Proxy, path: str, body: dict[str, Any], **headers: str) -> Got:
    return ask(proxy.url + path, "POST", body=body, headers={**AUTHORIZED, **headers})


def test_a_reply_reaches_the_sdk(home: Home, client: openai.OpenAI, stream: bool) -> None:
    usage = Tokens(input=100, cached=30, output=40, reasoning=10)
    home.codex.script.then(Reply((Thinking("I think."), Text("It is fine.")), usage=usage))
    got = heard(client, stream=stream, temperature=0.5, store=True, instructions="be kind")
    assert (got.output_text, got.model, got.status) == ("It is fine.", "gpt-asked", "completed")
    assert got.usage.input_tokens_details.cached_tokens == 30
    sent = home.codex.asked[0].json
    assert (sent["model"], sent["stream"], sent["store"], sent["instructions"]) == ("gpt-5-sim", True, False, "be kind")
    assert [item.type for item in got.output] == ["reasoning", "message"]  # The backend's last event has none of them.
    assert got.output[0].encrypted_content.startswith("gAAAAA")
    assert all(item.id for item in got.output)


def test_every_event_passes_as_it_is(home: Home, client: openai.OpenAI) -> None:
    calls = acts.calls(("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Rome"}), interleaved=True)
    home.codex.script.then(calls)
    with client.responses.stream(model="gpt-asked", input="hello", tools=[TOOL]) as events:
        seen = list(events)
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    assert {event.response.model for event in seen if hasattr(event, "response")} == {"gpt-asked"}
    arguments = [event.arguments for event in seen if event.type == "response.function_call_arguments.done"]
    assert [json.loads(one)["city"] for one in arguments] == ["Paris", "Rome"]


def test_a_server_that_answers_whole_is_streamed_all_the_same(home: Home, client: openai.OpenAI, proxy: Proxy) -> None:
    home.xai.script.then(Reply((Thinking("I think."), Text("It is fine.")), whole=True))
    got = heard(client, stream=True, model="grok-asked")
    assert (got.output_text, got.model, got.status) == ("It is fine.", "grok-asked", "completed")
    assert [item.type for item in got.output] == ["reasoning", "message"]
    assert len(home.xai.asked) == 1


def test_a_tool_is_called_and_answered(home: Home, client: openai.OpenAI, stream: bool) -> None:
    common: Any = {"tools": [TOOL], "reasoning": {"effort": "low"}}
    first = heard(client, stream=False, given='CALL get_weather {"city": "Paris"}', **common)
    call = first.output[-1]
    assert (call.type, json.loads(call.arguments)) == ("function_call", {"city": "Paris"})
    history = [item.model_dump(exclude_none=True) for item in first.output]
    answer = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    got = heard(client, stream=stream, given=[{"role": "user", "content": "hi"}, *history, answer], **common)
    assert "".join(piece.text for item in got.output if item.type == "message" for piece in item.content) in (
        "done",
        "",
    )
    assert len(home.codex.asked) == 2


def test_what_the_backend_refuses_is_said_to_be_lost(home: Home, proxy: Proxy) -> None:
    body = {"model": "gpt-asked", "input": "hi", "temperature": 1, "max_output_tokens": 99, "user": "me"}
    got = post(proxy, "/v1/responses", body)
    assert (got.status, got.headers["x-cliproxy-losses"]) == (200, "3")
    assert home.codex.asked[0].json.keys() & body.keys() == {"model", "input"}


def test_a_suffix_of_the_name_is_an_effort(home: Home, client: openai.OpenAI) -> None:
    got = heard(client, stream=False, model="gpt-asked(high)", reasoning={"effort": "low", "summary": "auto"})
    assert home.codex.asked[0].json["reasoning"] == {"effort": "high", "summary": "auto"}
    assert got.model == "gpt-asked(high)"


FAULTS: dict[str, acts.Behaviour] = {
    "a plan that is used up": acts.refused(429, "The usage limit has been reached", code="usage_limit_reached"),
    "a plan that is used up, inside the stream": acts.broken(acts.LONG, acts.How.ERROR, 2, status=429),
    "401": acts.refused(401, "no"),
    "503": acts.refused(503, "busy"),
    "failed before created": acts.ERROR_AT_HEAD,
    "cut before the first words": acts.broken(acts.LONG, acts.How.CLOSE, 2),
    "reset before the head": acts.RESET_BEFORE_HEAD,
    "html": acts.HTML_PAGE,
    "json that is none": acts.INVALID_JSON,
}


@pytest.mark.parametrize("fails_by", ["failed", "error"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_the_next_key_answers(
    home: Home, client: openai.OpenAI, stream: bool, fault: acts.Behaviour, fails_by: Any
) -> None:
    home.codex.fails_by = fails_by
    home.codex.for_key(KEYS[0]).then(fault)
    if stream:
        events = client.responses.create(model="gpt-asked", input="hello", stream=True)
        words = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    else:
        words = heard(client, stream=False).output_text
    assert words == "echo: hello"
    assert home.codex.keys_seen == list(KEYS)
    first, second = (request.json for request in home.codex.asked)
    assert first == second


def test_a_stream_that_is_cut_midway_ends_in_an_error_that_sdk_and_codex_read(
    home: Home, proxy: Proxy, client: openai.OpenAI
) -> None:
    home.codex.script.then(acts.HALF_A_STREAM, acts.HALF_A_STREAM)
    with pytest.raises(openai.APIError) as failed:
        heard(client, stream=True)
    assert isinstance(failed.value.body, dict)
    assert failed.value.body["message"]
    got = post(proxy, "/v1/responses", {"model": "gpt-asked", "input": "hi", "stream": True})
    kinds = re.findall(rb"^event: (\S+)$", got.body, re.MULTILINE)
    assert kinds[-2:] == [b"error", b"response.failed"]
    assert kinds.count(b"error") == 1
    assert home.codex.keys_seen == [KEYS[0]] * 2


def test_when_all_plans_are_used_up_one_429_says_when(stream: bool) -> None:
    home = Home(disable_cooling=False)
    with running(*home.vendors), Proxy(home.config()) as proxy:
        home.codex.script.always(acts.refused(429, "limit", code="usage_limit_reached"))
        for _ in range(2):
            got = post(proxy, "/v1/responses", {"model": "gpt-asked", "input": "hi", "stream": stream})
            assert (got.status, got.json["error"]["type"]) == (429, "rate_limit_error")
            assert RESETS_IN_S - 60 < int(got.headers["retry-after"]) <= RESETS_IN_S
        assert home.codex.keys_seen == list(KEYS)  # The second request did not bother anybody.


ERRORS: list[tuple[acts.Behaviour, type[openai.APIStatusError]]] = [
    (acts.refused(400, "no", code="context_length_exceeded"), openai.BadRequestError),
    (acts.refused(400, "no", code="cyber_policy"), openai.BadRequestError),
    (acts.refused(404, "Item with id 'rs_1' not found. Items are not persisted."), openai.NotFoundError),
    (acts.refused(422, "no"), openai.UnprocessableEntityError),
]


@pytest.mark.parametrize(("fault", "kind"), ERRORS, ids=lambda value: str(value)[:60])
def test_a_fault_of_the_request_is_told_at_once(
    home: Home, client: openai.OpenAI, stream: bool, fault: acts.Behaviour, kind: type[openai.APIStatusError]
) -> None:
    home.codex.script.then(fault)
    with pytest.raises(kind) as refused:
        heard(client, stream=stream)
    assert isinstance(refused.value.body, dict)
    assert len(home.codex.keys_seen) == 1


def test_a_reply_that_was_refused_inside_a_stream_is_an_error_of_its_own_for_a_whole_one(
    home: Home, client: openai.OpenAI
) -> None:
    home.codex.script.then(acts.broken(acts.LONG, acts.How.ERROR, 2, status=400, message="no"))
    with pytest.raises(openai.BadRequestError, match="no"):
        heard(client, stream=False)


def test_models_that_nobody_has_are_not_found(proxy: Proxy, client: openai.OpenAI, stream: bool) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        heard(client, stream=stream, model="gpt-askee")
    assert "gpt-asked" in str(missing.value)


@pytest.mark.parametrize("model", ["gpt-asked", "grok-asked", "chat-asked"])
def test_a_conversation_is_compacted(home: Home, client: openai.OpenAI, model: str) -> None:
    vendor = {"gpt-asked": home.codex, "grok-asked": home.xai, "chat-asked": home.chat}[model]
    got = client.responses.compact(model=model, input=[{"type": "message", "role": "user", "content": "hi"}])
    assert [item.type for item in got.output] == ["message", "compaction"]
    assert got.usage.input_tokens
    assert "stream" not in vendor.compactions[0].json
    assert vendor.asked == []


def test_a_compaction_needs_a_vendor_that_can(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.responses.compact(model="claude-asked", input="hi")
    assert 400 <= refused.value.status_code < 500  # What will not go away is no 5xx: clients would ask for ever.


def test_xai_answers_whole_and_streamed(home: Home, client: openai.OpenAI, stream: bool) -> None:
    custom: Any = {"type": "custom", "name": "exec"}
    got = heard(client, stream=stream, model="grok-asked", tools=[TOOL, custom], safety_identifier="me")
    assert (got.output_text, got.model) == ("echo: hello", "grok-asked")
    sent = home.xai.asked[0].json
    assert ([tool["name"] for tool in sent["tools"]], "safety_identifier" in sent) == (["get_weather"], False)
    assert sent.get("stream", False) is stream


@pytest.mark.parametrize("path", ["/v1/responses", "/backend-api/codex/responses"])
def test_a_websocket_is_refused_so_that_codex_falls_back(proxy: Proxy, path: str) -> None:
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
    got = ask(proxy.url + path, headers={**AUTHORIZED, **upgrade, "sec-websocket-key": "UL2o2pNO5VLxBjKazxaGXA=="})
    assert got.status == 426


def test_clients_set_up_for_chatgpt_are_served(home: Home, proxy: Proxy) -> None:
    headers = {
        "originator": "codex_exec",
        "session-id": "s-1",
        "x-codex-window-id": "w-1",
        "chatgpt-account-id": "acct-of-the-client",
        "user-agent": "codex_exec/0.169.0",
    }
    got = post(proxy, "/backend-api/codex/responses", {"model": "gpt-asked", "input": "hi", "stream": True}, **headers)
    assert got.status == 200
    assert got.body.count(b"event: response.completed\n") == 1
    sent = home.codex.asked[0].headers
    assert {name: sent[name] for name in headers if name != "chatgpt-account-id"} == {
        name: value for name, value in headers.items() if name != "chatgpt-account-id"
    }
    assert "chatgpt-account-id" not in sent
    assert sent["authorization"] == f"Bearer {KEYS[0]}"
    compacted = post(proxy, "/backend-api/codex/responses/compact", {"model": "gpt-asked", "input": "hi"})
    assert compacted.json["object"] == "response.compaction"


@pytest.mark.parametrize("model", ["gpt-asked", "grok-asked"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_clients_of_other_dialects_are_served(home: Home, proxy: Proxy, path: str, model: str, stream: bool) -> None:
    """The Codex backend always streams, keeps nothing and has no limit; the vendors refuse what they refuse."""
    body = {"model": model, "max_tokens": 99, "temperature": 0.5, "messages": [{"role": "user", "content": "hi"}]}
    got = post(proxy, path, {**body, "stream": stream})
    assert got.status == 200
    assert "echo: hi" in said_in(got.body)
    assert model.encode() in got.body
    vendor = home.codex if model == "gpt-asked" else home.xai
    assert vendor.asked[0].json["input"] == [{"role": "user", "content": "hi"}]


def said_in(body: bytes) -> str:
    """The words of a reply, whole or streamed, in any dialect."""
    return "".join(
        json.loads(f'"{words}"') for words in re.findall(r'"(?:text|content)":"((?:[^"\\]|\\.)*)"', body.decode())
    )


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_a_tool_of_another_client_makes_a_round_trip(home: Home, proxy: Proxy, path: str) -> None:
    """Thoughts that OpenAI sealed come back to it, though the client can't hold them."""
    home.codex.script.then(
        Reply((Thinking("I think."), ToolCall("get_weather", '{"city":"Rome"}', "call_1"))), acts.text("It is fine.")
    )
    first = {"role": "user", "content": "what now?"}
    if path == "/v1/messages":
        tool: Any = {"name": "get_weather", "input_schema": TOOL["parameters"]}
        call: Any = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Rome"}}
        result: Any = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "20"}]}
        turn: Any = {"role": "assistant", "content": [call]}
    else:
        tool = {"type": "function", "function": {"name": "get_weather", "parameters": TOOL["parameters"]}}
        function = {"name": "get_weather", "arguments": '{"city":"Rome"}'}
        turn = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
        result = {"role": "tool", "tool_call_id": "call_1", "content": "20"}
    asked = {"model": "gpt-asked", "max_tokens": 99, "tools": [tool]}
    called = post(proxy, path, {**asked, "messages": [first]})
    assert b"get_weather" in called.body
    told = post(proxy, path, {**asked, "messages": [first, turn, result]})
    assert b"It is fine." in told.body
    items = home.codex.asked[-1].json["input"]
    assert [item.get("type") for item in items] == [None, "reasoning", "function_call", "function_call_output"]
    assert items[1]["encrypted_content"].startswith("gAAAAA")
    assert items[3]["output"] == "20"
