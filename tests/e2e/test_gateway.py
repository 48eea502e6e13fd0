"""The gateway's own answers, for clients of both dialects."""

import gzip
import json
import zlib

import anthropic
import openai
import pytest

from tests.support.config import CLIENT_KEY
from tests.support.house import DEAD_MODELS, MODELS, House
from tests.support.raw import ask

PATHS = {"anthropic": "/v1/messages", "openai_chat": "/v1/chat/completions"}
ASKED = {"model": "gpt-asked", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
SERVED = {*(asked for asked, _ in MODELS.values()), *DEAD_MODELS.values(), "claude-adapts"}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": f"Bearer {CLIENT_KEY}"}, ""),
        ({"Authorization": f"bearer {CLIENT_KEY}"}, ""),
        ({"Authorization": CLIENT_KEY}, ""),
        ({"X-Goog-Api-Key": CLIENT_KEY}, ""),
        ({"X-Api-Key": CLIENT_KEY}, ""),
        ({}, f"?key={CLIENT_KEY}"),
        ({}, f"?auth_token={CLIENT_KEY}"),
        ({"Authorization": "Bearer wrong", "X-Api-Key": CLIENT_KEY}, ""),
        ({"X-Api-Key": "wrong"}, f"?key={CLIENT_KEY}"),
    ],
    ids=[
        "bearer",
        "bearer in lower case",
        "no scheme",
        "x-goog-api-key",
        "x-api-key",
        "query key",
        "query auth_token",
        "wrong bearer, right x-api-key",
        "wrong x-api-key, right query",
    ],
)
def test_the_clients_key_may_stand_in_many_places(
    home: House, client: str, headers: dict[str, str], query: str
) -> None:
    got = ask(home.proxy.url + PATHS[client] + query, "POST", body=ASKED, headers=headers)
    assert got.status == 200
    assert b"echo: hello" in got.body
    (request,) = home.vendors["openai_chat"].asked
    assert request.query == {}


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer test-wrong"}, {"x-api-key": "test-wrong"}],
    ids=["none", "wrong bearer", "wrong x-api-key"],
)
def test_without_a_right_key_the_answer_is_401_in_the_clients_dialect(
    home: House, client: str, headers: dict[str, str]
) -> None:
    got = ask(home.proxy.url + PATHS[client], "POST", body=ASKED, headers=headers)
    assert got.status == 401
    if client == "anthropic":
        assert (got.json["type"], got.json["error"]["type"]) == ("error", "authentication_error")
    else:
        assert got.json["error"]["code"] == "invalid_api_key"
    assert home.vendors["openai_chat"].requests == []


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/messages", "/v1/messages/nothing", "/favicon.ico", "/v1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404_in_json(home: House, path: str, method: str) -> None:
    got = ask(
        home.proxy.url + path, method, headers={"x-api-key": CLIENT_KEY}, body=b"{}" if method == "POST" else None
    )
    assert got.status == 404
    assert got.headers["content-type"].startswith("application/json")
    assert got.json["error"]["message"]


def test_an_unknown_path_is_no_missing_model(home: House) -> None:
    got = ask(home.proxy.url + "/v1/embeddings", "POST", headers={"x-api-key": CLIENT_KEY}, body=b"{}")
    assert (got.status, got.json["error"]["code"]) == (404, "unknown_url")


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/chat/completions", "/v1/chat/completions"), ("/v1/v1/messages", "/v1/messages"), ("/messages", "/v1/messages")],
)
def test_a_base_url_that_is_a_little_off_is_told_what_was_meant(home: House, path: str, meant: str) -> None:
    got = ask(home.proxy.url + path, "POST", headers={"x-api-key": CLIENT_KEY}, body=b"{}")
    assert got.status == 404
    assert f"did you mean {meant}?" in got.json["error"]["message"]


def test_a_path_with_the_wrong_method_is_a_client_error_in_json(home: House, client: str) -> None:
    got = ask(home.proxy.url + PATHS[client], "GET", headers={"x-api-key": CLIENT_KEY})
    assert 400 <= got.status < 500
    assert got.json["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/"), ("GET", "/"), ("GET", "/healthz"), ("HEAD", "/healthz")])
def test_the_door_answers_without_a_key(home: House, method: str, path: str) -> None:
    got = ask(home.proxy.url + path, method)
    assert got.status == 200
    assert (got.body == b"") is (method == "HEAD")


def test_healthz_says_ok(home: House) -> None:
    assert ask(home.proxy.url + "/healthz").json == {"status": "ok"}


def test_models_are_listed_in_the_shape_that_each_sdk_reads(home: House) -> None:
    chat = openai.OpenAI(base_url=home.proxy.url + "/v1", api_key=CLIENT_KEY, max_retries=0)
    claude = anthropic.Anthropic(base_url=home.proxy.url, api_key=CLIENT_KEY, max_retries=0)
    assert {model.id for model in chat.models.list()} == SERVED
    assert {model.id for model in claude.models.list()} == SERVED
    assert chat.models.retrieve("gpt-asked").id == "gpt-asked"
    assert claude.models.retrieve("claude-asked").id == "claude-asked"


def test_models_need_a_key(home: House) -> None:
    assert ask(home.proxy.url + "/v1/models").status == 401


def test_a_claude_counts_its_own_tokens(home: House) -> None:
    claude = anthropic.Anthropic(base_url=home.proxy.url, api_key=CLIENT_KEY, max_retries=0)
    counted = claude.messages.count_tokens(model="claude-asked", messages=[{"role": "user", "content": "hello"}])
    (request,) = home.vendors["anthropic"].requests
    assert request.path == "/v1/messages/count_tokens"
    assert request.json["model"] == "claude-sonnet-4-5"
    assert counted.input_tokens > 0


def test_tokens_for_a_vendor_that_can_not_count_are_estimated(home: House) -> None:
    claude = anthropic.Anthropic(base_url=home.proxy.url, api_key=CLIENT_KEY, max_retries=0)
    short = claude.messages.count_tokens(model="gpt-asked", messages=[{"role": "user", "content": "hello"}])
    long = claude.messages.count_tokens(model="gpt-asked", messages=[{"role": "user", "content": "hello " * 500}])
    assert 0 < short.input_tokens < 50
    assert 300 < long.input_tokens < 2000
    assert home.vendors["openai_chat"].asked == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_request_is_read(home: House, client: str, encoding: str) -> None:
    body = json.dumps(ASKED).encode()
    sent = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    headers = {"x-api-key": CLIENT_KEY, "content-encoding": encoding}
    got = ask(home.proxy.url + PATHS[client], "POST", body=sent, headers=headers)
    assert (got.status, b"echo: hello" in got.body) == (200, True)


def test_a_broken_compression_is_a_bad_request(home: House, client: str) -> None:
    headers = {"x-api-key": CLIENT_KEY, "content-encoding": "gzip"}
    assert ask(home.proxy.url + PATHS[client], "POST", body=b"not gzip", headers=headers).status == 400


def test_the_gateway_is_no_open_proxy(home: House) -> None:
    got = ask(home.proxy.url + "/", "CONNECT", headers={"host": "example.org:443"})
    assert got.status >= 400
