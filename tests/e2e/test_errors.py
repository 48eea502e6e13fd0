"""Errors reach a client in its own dialect, as the exception that its SDK has for them."""

import anthropic
import openai
import pytest

from tests.support.config import CLIENT_KEY
from tests.support.house import House
from tests.support.raw import ask
from tests.support.talkers import TALKERS
from tests.vendors import behaviour as acts

BAD_REQUEST = {"anthropic": anthropic.BadRequestError, "openai_chat": openai.BadRequestError}
UNAUTHORIZED = {"anthropic": anthropic.AuthenticationError, "openai_chat": openai.AuthenticationError}
NOT_FOUND = {"anthropic": anthropic.NotFoundError, "openai_chat": openai.NotFoundError}
PATHS = {"anthropic": "/v1/messages", "openai_chat": "/v1/chat/completions"}


def test_a_wrong_client_key_is_an_authentication_error(home: House, client: str, stream: bool) -> None:
    talker = TALKERS[client](home.proxy.url, "test-wrong-key", "claude-asked", stream=stream)
    with pytest.raises(UNAUTHORIZED[client]):
        talker.say("hello")
    assert all(vendor.requests == [] for vendor in home.vendors.values())


def test_an_unknown_model_is_not_found_and_near_names_are_told(home: House, client: str, stream: bool) -> None:
    talker = TALKERS[client](home.proxy.url, CLIENT_KEY, "claude-askde", stream=stream)
    with pytest.raises(NOT_FOUND[client], match="claude-asked"):
        talker.say("hello")


def test_what_a_vendor_finds_wrong_with_a_request_is_said_and_not_tried_again(
    home: House, client: str, upstream: str, stream: bool
) -> None:
    home.vendors[upstream].script.then(acts.refused(400, "messages: that is not how it is done"))
    with pytest.raises(BAD_REQUEST[client], match="that is not how it is done"):
        home.talker(client, upstream, stream=stream).say("hello")
    assert home.vendors[upstream].keys_seen == ["test-key-1"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"[]", b"null", b'{"model": 7}', b'{"model": "\xff"}', b"[" * 100_000],
    ids=["cut", "empty", "list", "null", "number as model", "bad utf-8", "deep"],
)
def test_a_body_that_is_no_request_is_a_bad_request(home: House, client: str, body: bytes) -> None:
    got = ask(home.proxy.url + PATHS[client], "POST", body=body, headers={"x-api-key": CLIENT_KEY})
    assert got.status == 400
    if client == "anthropic":
        assert (got.json["type"], got.json["error"]["type"]) == ("error", "invalid_request_error")
    else:
        assert got.json["error"]["type"] == "invalid_request_error"
    assert got.json["error"]["message"]


def test_a_missing_model_is_a_bad_request_that_names_it(home: House, client: str) -> None:
    got = ask(home.proxy.url + PATHS[client], "POST", body={"messages": []}, headers={"x-api-key": CLIENT_KEY})
    assert got.status == 400
    assert "model" in got.json["error"]["message"]


def test_a_part_that_is_malformed_is_named_by_its_path(home: House, client: str, upstream: str) -> None:
    if client == upstream:
        pytest.skip("between two sides of one dialect the vendor judges")
    model = "claude-asked" if upstream == "anthropic" else "gpt-asked"
    body = {"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]}
    got = ask(home.proxy.url + PATHS[client], "POST", body=body, headers={"x-api-key": CLIENT_KEY})
    assert got.status == 400
    assert "messages[0].content[0].text" in got.json["error"]["message"]


def test_an_error_in_the_middle_of_a_stream_ends_it_in_the_clients_dialect(
    home: House, client: str, upstream: str
) -> None:
    home.vendors[upstream].script.then(acts.ERROR_MIDWAY)
    with pytest.raises((anthropic.APIStatusError, openai.APIError), match="Overloaded"):
        home.talker(client, upstream, stream=True).say("hello")
    assert home.vendors[upstream].keys_seen == ["test-key-1"]


@pytest.mark.parametrize("fault", [acts.HALF_A_STREAM, acts.RESET_MIDWAY], ids=["half a stream", "reset midway"])
def test_a_stream_that_breaks_off_is_an_error_and_never_a_short_answer(
    home: House, client: str, upstream: str, fault: acts.Reply
) -> None:
    home.vendors[upstream].script.then(fault)
    with pytest.raises((anthropic.APIError, openai.APIError)):
        home.talker(client, upstream, stream=True).say("hello")
