"""Clients of Gemini, Google's own SDK first, through the real proxy."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from google import genai
from google.genai import errors, types

from tests.support.config import CLIENT_KEY, config
from tests.support.proxy import Proxy
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.behaviour import How, Raw, Thinking, Tokens, broken
from tests.vendors.gemini import GeminiVendor, info, quota
from tests.vendors.running import running

FLASH: Final = "gemini-2.5-flash"
PRO: Final = "gemini-3-pro-preview"
KEYS: Final = ("test-key-1", "test-key-2", "test-key-3", "test-key-vertex")
BAD_KEY: Final = Raw(
    400,
    json.dumps(
        {
            "error": {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
                "details": [info("API_KEY_INVALID")],
            }
        }
    ).encode(),
)

type Sdk = Callable[..., genai.Client]


class Door:
    """The proxy with two Gemini keys for `fast` and the vendor's own names, one behind the prefix `work`, and one of
    Vertex."""

    def __init__(self, proxy: Proxy, gemini: GeminiVendor, vertex: GeminiVendor) -> None:
        self.proxy = proxy
        self.gemini = gemini
        self.vertex = vertex

    def sdk(self, key: str = CLIENT_KEY, **options: Any) -> genai.Client:
        """Google's SDK. It closes when nobody holds it."""
        chosen = types.HttpOptions(base_url=self.proxy.url, timeout=30_000, **options)
        return genai.Client(api_key=key, http_options=chosen)

    def post(self, path: str, body: Any, **headers: str) -> Got:
        """A request as curl would make it."""
        sent = {"x-goog-api-key": CLIENT_KEY, **headers}
        return ask(self.proxy.url + path, "POST", body=body, headers=sent)

    def check(self) -> None:
        """What must hold after every test."""
        log = self.proxy.log
        assert not any(key in log for key in (*KEYS, CLIENT_KEY))
        for vendor in (self.gemini, self.vertex):
            assert vendor.failures == []
            assert not any(CLIENT_KEY in f"{request.headers}{request.query}" for request in vendor.requests)


def models(**names: str) -> list[dict[str, str]]:
    return [{"name": name, "alias": alias.replace("_", "-")} for alias, name in names.items()]


@pytest.fixture(scope="module")
def shared() -> Iterator[Door]:
    gemini = GeminiVendor(keys=KEYS, models=(FLASH, PRO))
    vertex = GeminiVendor(vertex=True, keys=KEYS, models=(FLASH,))
    with running(gemini, vertex):
        own = [{"name": FLASH}, {"name": FLASH, "alias": "fast"}, {"name": PRO}]
        described = config(
            gemini_api_key=[
                {"api-key": "test-key-1", "base-url": gemini.base_url, "models": own},
                {"api-key": "test-key-2", "base-url": gemini.base_url, "models": own},
                {
                    "api-key": "test-key-3",
                    "base-url": gemini.base_url,
                    "prefix": "work",
                    "models": [{"name": FLASH, "alias": "team-flash"}],
                },
            ],
            vertex_api_key=[
                {
                    "api-key": "test-key-vertex",
                    "base-url": vertex.base_url,
                    "models": [{"name": FLASH, "alias": "on-vertex"}],
                }
            ],
            routing={"strategy": "fill-first"},
            disable_cooling=True,
        )
        with Proxy(described) as proxy:
            yield Door(proxy, gemini, vertex)


@pytest.fixture
def door(shared: Door) -> Iterator[Door]:
    shared.gemini.reset()
    shared.vertex.reset()
    yield shared
    shared.check()


def say(client: genai.Client, model: str, words: str, *, stream: bool, **settings: Any) -> tuple[str, str]:
    """(text, model) of a reply."""
    chosen = types.GenerateContentConfig(**settings)
    if not stream:
        reply = client.models.generate_content(model=model, contents=words, config=chosen)
        return reply.text or "", reply.model_version or ""
    chunks = list(client.models.generate_content_stream(model=model, contents=words, config=chosen))
    assert len({chunk.model_version for chunk in chunks}) == 1
    return "".join(chunk.text or "" for chunk in chunks), chunks[0].model_version or ""


# What a client asks and gets.


@pytest.mark.parametrize("api_version", [None, "v1beta", "v1"])
@pytest.mark.parametrize("stream", [False, True])
def test_the_sdk_is_answered_in_any_version(door: Door, stream: bool, api_version: str | None) -> None:
    client = door.sdk(api_version=api_version)
    assert say(client, FLASH, "hello there, world", stream=stream) == ("echo: hello there, world", FLASH)
    [asked] = door.gemini.asked
    action = "streamGenerateContent" if stream else "generateContent"
    assert (asked.path, asked.query) == (f"/v1beta/models/{FLASH}:{action}", {"alt": "sse"} if stream else {})
    assert asked.headers["x-goog-api-key"] == "test-key-1"
    assert asked.headers["user-agent"].startswith("google-genai-sdk/")
    assert asked.headers["x-goog-api-client"].startswith("google-genai-sdk/")


@pytest.mark.parametrize("stream", [False, True])
def test_an_alias_is_the_name_in_the_reply(door: Door, stream: bool) -> None:
    client = door.sdk()
    assert say(client, "fast", "hi", stream=stream) == ("echo: hi", "fast")
    assert door.gemini.asked[0].path.startswith(f"/v1beta/models/{FLASH}:")


@pytest.mark.parametrize("stream", [False, True])
def test_a_prefix_in_the_path_chooses_the_key(door: Door, stream: bool) -> None:
    client = door.sdk()
    assert say(client, "work/team-flash", "hi", stream=stream) == ("echo: hi", "work/team-flash")
    assert door.gemini.keys_seen == ["test-key-3"]


@pytest.mark.parametrize(
    "path", ["models/work/team-flash:generateContent", "models/work%2Fteam-flash%3AgenerateContent"]
)
def test_the_path_may_be_escaped(door: Door, path: str) -> None:
    got = door.post(f"/v1beta/{path}", {"contents": [{"parts": [{"text": "hi"}]}]})
    assert got.status == 200
    assert got.json["modelVersion"] == "work/team-flash"


@pytest.mark.parametrize("stream", [False, True])
def test_a_vertex_key_has_its_own_paths(door: Door, stream: bool) -> None:
    client = door.sdk()
    assert say(client, "on-vertex", "hi", stream=stream) == ("echo: hi", "on-vertex")
    [asked] = door.vertex.asked
    assert asked.path.startswith(f"/v1/publishers/google/models/{FLASH}:")
    assert asked.headers["x-goog-api-key"] == "test-key-vertex"
    assert client.models.count_tokens(model="on-vertex", contents="hi").total_tokens


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@pytest.mark.parametrize("model", [FLASH, PRO])
def test_functions_are_called_and_signatures_go_back(door: Door, model: str) -> None:
    client = door.sdk()
    reply = client.models.generate_content(
        model=model, contents='CALL add {"a": 1, "b": 2}', config=types.GenerateContentConfig(tools=[add])
    )
    assert reply.text == "done"
    assert len(door.gemini.asked) == 2
    assert "functionResponse" in door.gemini.asked[1].body.decode()


def test_a_chat_goes_on(door: Door) -> None:
    client = door.sdk()
    chat = client.chats.create(model=PRO)
    assert chat.send_message("one").text == "echo: one"
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream("two")) == "echo: two"


def test_thoughts_and_counts_reach_the_client(door: Door) -> None:
    door.gemini.script.then(
        acts.Reply((Thinking("Hm."), acts.Text("Yes.")), usage=Tokens(20, 12, cached=5, reasoning=4))
    )
    client = door.sdk()
    reply = client.models.generate_content(model=FLASH, contents="?")
    assert reply.candidates is not None
    assert reply.candidates[0].content is not None
    assert [part.text for part in reply.candidates[0].content.parts or ()] == ["Hm.", "Yes."]
    assert reply.usage_metadata is not None
    assert reply.usage_metadata.cached_content_token_count == 5
    assert reply.usage_metadata.thoughts_token_count == 4


def test_tokens_are_counted_by_the_vendor(door: Door) -> None:
    client = door.sdk()
    counted = client.models.count_tokens(model="fast", contents="one two three").total_tokens
    assert counted
    assert counted > 3
    [request] = door.gemini.requests
    assert request.path == f"/v1beta/models/{FLASH}:countTokens"


def test_a_count_of_a_whole_request_names_the_upstreams_model(door: Door) -> None:
    whole = {"model": "models/fast", "contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    got = door.post("/v1beta/models/fast:countTokens", {"generateContentRequest": whole})
    assert got.json["totalTokens"] > 0
    assert door.gemini.requests[0].json["generateContentRequest"]["model"] == f"models/{FLASH}"


def test_models_are_listed_and_shown(door: Door) -> None:
    client = door.sdk(api_version="v1beta")
    names = [model.name for model in client.models.list()]
    assert {f"models/{FLASH}", "models/fast", "models/work/team-flash", "models/on-vertex"} <= set(names)
    assert client.models.get(model="fast").name == "models/fast"
    with pytest.raises(errors.ClientError) as caught:
        client.models.get(model="slow")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


def test_a_suffix_of_the_name_is_the_thinking_budget(door: Door) -> None:
    client = door.sdk()
    assert say(client, f"{FLASH}(1024)", "hi", stream=False)[0] == "echo: hi"
    assert door.gemini.asked[0].json["generationConfig"] == {"thinkingConfig": {"thinkingBudget": 1024}}


# Framing.


def contents(words: str) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": words}]}]}


def test_a_stream_without_alt_sse_is_one_json_array(door: Door) -> None:
    got = door.post("/v1beta/models/fast:streamGenerateContent", contents("one two three four"))
    assert got.headers["content-type"].startswith("application/json")
    texts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in got.json]
    assert "".join(texts) == "echo: one two three four"
    assert {chunk["modelVersion"] for chunk in got.json} == {"fast"}
    assert door.gemini.asked[0].query == {"alt": "sse"}


def test_an_error_in_the_middle_is_the_arrays_last_element(door: Door) -> None:
    door.gemini.script.then(broken(acts.LONG, How.ERROR, 2, status=503, message="too busy"))
    got = door.post("/v1beta/models/fast:streamGenerateContent", contents("x"))
    assert [("error" in chunk) for chunk in got.json] == [False, False, True]
    assert got.json[-1]["error"]["status"] == "UNAVAILABLE"


def test_a_stream_that_breaks_off_ends_the_array_with_an_error(door: Door) -> None:
    door.gemini.script.then(acts.HALF_A_STREAM)
    got = door.post("/v1beta/models/fast:streamGenerateContent", contents("x"))
    assert [chunk["error"]["code"] for chunk in got.json if "error" in chunk] == [502]


@pytest.mark.parametrize("stream", [False, True])
def test_a_path_without_a_model_takes_it_from_the_body(door: Door, stream: bool) -> None:
    got = door.post("/v1/generate", {**contents("hello"), "model": "models/fast", "stream": stream})
    assert got.status == 200
    replies = got.json if stream else [got.json]
    assert {reply["modelVersion"] for reply in replies} == {"fast"}


def test_a_client_that_asks_for_events_gets_them(door: Door) -> None:
    got = door.post("/v1beta/models/fast:streamGenerateContent?alt=sse&key=x", contents("hi"))
    assert got.headers["content-type"].startswith("text/event-stream")
    frames = [frame for frame in re.split(rb"\r?\n\r?\n", got.body) if frame]
    assert all(json.loads(frame.removeprefix(b"data: ")) for frame in frames)
    assert door.gemini.asked[0].query == {"alt": "sse"}


# When a key fails.

FAULTS: Final[dict[str, acts.Behaviour]] = {
    "429 with RetryInfo": quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
    "429 of the day": quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
    "bad key": BAD_KEY,
    "403": acts.refused(403, "The caller does not have permission"),
    "500": acts.refused(500, "An internal error has occurred."),
    "503": acts.refused(503, "The model is overloaded. Please try again later."),
    "error at the head of a 200": broken(acts.LONG, How.ERROR, 0, status=503, message="too busy"),
    "reset before the head": acts.RESET_BEFORE_HEAD,
    "closed after the head": broken(acts.LONG, How.CLOSE, 0),
    "html page": acts.HTML_PAGE,
    "invalid json": Raw(200, b'{"candidates": ['),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_the_next_key_answers(door: Door, fault: acts.Behaviour, stream: bool) -> None:
    door.gemini.for_key("test-key-1").then(fault)
    client = door.sdk()
    assert say(client, "fast", "are you there?", stream=stream) == ("echo: are you there?", "fast")
    assert door.gemini.keys_seen == ["test-key-1", "test-key-2"]
    first, second = (request.json for request in door.gemini.asked)
    assert first == second


def test_a_fault_of_the_request_is_not_tried_again(door: Door) -> None:
    client = door.sdk()
    with pytest.raises(errors.ClientError, match="temperature must be in the range") as caught:
        say(client, FLASH, "hi", stream=False, temperature=5)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert len(door.gemini.asked) == 1


def test_when_all_keys_are_used_up_the_client_hears_when_to_come_back(door: Door) -> None:
    door.gemini.script.always(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"))
    client = door.sdk()
    with pytest.raises(errors.ClientError) as caught:
        say(client, "fast", "hi", stream=False)
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert door.gemini.keys_seen == ["test-key-1", "test-key-2"]


def test_an_error_in_the_middle_of_a_stream_is_the_sdks_exception(door: Door) -> None:
    door.gemini.script.then(broken(acts.LONG, How.ERROR, 2, status=503, message="too busy"))
    client = door.sdk()
    with pytest.raises(errors.APIError, match="too busy"):
        say(client, "fast", "hi", stream=True)


def test_a_stream_that_breaks_off_is_an_exception_too(door: Door) -> None:
    door.gemini.script.then(acts.HALF_A_STREAM)
    client = door.sdk()
    with pytest.raises(errors.APIError):
        say(client, "fast", "hi", stream=True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("key", "model", "code", "status"),
    [("wrong-key", FLASH, 401, "UNAUTHENTICATED"), (CLIENT_KEY, "gemini-unheard-of", 404, "NOT_FOUND")],
)
def test_what_the_gateway_refuses_is_the_sdks_exception(
    door: Door, key: str, model: str, code: int, status: str, stream: bool
) -> None:
    client = door.sdk(key)
    with pytest.raises(errors.ClientError) as caught:
        say(client, model, "hi", stream=stream)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert door.gemini.asked == []


def test_a_body_that_is_no_json_is_refused_before_anybody_is_asked(door: Door) -> None:
    got = door.post("/v1beta/models/fast:generateContent", b"{")
    assert (got.status, got.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert door.gemini.requests == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "path"), [("fast", "/v1beta"), ("on-vertex", "/v1/publishers/google")])
def test_clients_of_other_dialects_are_answered_by_google(door: Door, model: str, path: str, stream: bool) -> None:
    body = {"model": model, "max_tokens": 5, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    vendor = door.gemini if model == "fast" else door.vertex
    for route in ("/v1/messages", "/v1/chat/completions"):
        got = door.post(route, body)
        assert got.status == 200
        assert "echo" in got.body.decode()
    action = "streamGenerateContent" if stream else "generateContent"
    assert [request.path for request in vendor.asked] == [f"{path}/models/{FLASH}:{action}"] * 2


def test_a_server_that_never_streams_serves_clients_that_want_a_stream(door: Door) -> None:
    """Some compatible servers answer whole, or with Google's array though they were asked for events."""
    client = door.sdk()
    chunk = {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}], "modelVersion": FLASH}
    for body in (chunk, [chunk]):
        door.gemini.script.then(Raw(200, json.dumps(body, indent=2).encode()))
        assert say(client, "fast", "hi", stream=True) == ("hi", "fast")
    assert len(door.gemini.asked) == 2


def test_a_server_that_always_streams_serves_clients_that_want_it_whole(door: Door) -> None:
    frame = {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}], "modelVersion": FLASH}
    door.gemini.script.then(Raw(200, b"data: " + json.dumps(frame).encode() + b"\n\n", "text/event-stream"))
    client = door.sdk()
    assert say(client, "fast", "hi", stream=False) == ("hi", "fast")
