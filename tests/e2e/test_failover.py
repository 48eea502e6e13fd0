"""When a key fails, the next one answers, and the client does not notice."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai
import pytest

from tests.support.config import CLIENT_KEY
from tests.support.house import DEAD_MODELS, KEYS, MODELS, House, house
from tests.support.raw import Line, ask
from tests.vendors import behaviour as acts

FAULTS: dict[str, acts.Behaviour] = {
    "429": acts.refused(429, "slow down", retry_after="30"),
    "429 without a hint": acts.refused(429, "slow down"),
    "401": acts.refused(401, "invalid key"),
    "403": acts.refused(403, "not for you"),
    "500": acts.refused(500, "oops"),
    "503": acts.refused(503, "busy"),
    "529": acts.refused(529, "Overloaded"),
    "reset before the head": acts.RESET_BEFORE_HEAD,
    "closed before the head": acts.CLOSED_BEFORE_HEAD,
    "reset after the head": acts.RESET_AFTER_HEAD,
    "error at the head of a 200": acts.ERROR_AT_HEAD,
    "html page": acts.HTML_PAGE,
    "invalid json": acts.INVALID_JSON,
    "wrong content type": acts.WRONG_CONTENT_TYPE,
}
PATHS = {"anthropic": "/v1/messages", "openai_chat": "/v1/chat/completions"}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_the_next_key_answers(home: House, client: str, upstream: str, stream: bool, fault: acts.Behaviour) -> None:
    vendor = home.vendors[upstream]
    vendor.for_key("test-key-1").then(fault)
    assert home.talker(client, upstream, stream=stream).say("are you there?").text == "echo: are you there?"
    assert vendor.keys_seen == ["test-key-1", "test-key-2"]
    first, second = (request.json for request in vendor.asked)
    assert first == second


def test_the_clients_connection_lives_on(home: House, client: str, upstream: str, stream: bool) -> None:
    """Failed attempts and whole streams later it is still the same socket."""
    vendor = home.vendors[upstream]
    with Line(home.proxy.url + PATHS[client], asked_of(upstream, stream=stream), {"x-api-key": CLIENT_KEY}) as line:
        for fault in (acts.refused(429), acts.RESET_BEFORE_HEAD, acts.ERROR_AT_HEAD, acts.RESET_AFTER_HEAD):
            assert b"echo: hello" in line.read_all()
            vendor.for_key("test-key-1").then(fault)
            line.ask_again()
        assert b"echo: hello" in line.read_all()


def test_a_vendor_that_refuses_connections_is_passed_over(
    home: House, client: str, upstream: str, stream: bool
) -> None:
    heard = home.talker(client, upstream, stream=stream, model=DEAD_MODELS[upstream]).say("hello")
    assert heard.text == "echo: hello"
    assert heard.model == DEAD_MODELS[upstream]


def test_several_keys_may_fail_in_different_ways(home: House, client: str, upstream: str, stream: bool) -> None:
    vendor = home.vendors[upstream]
    vendor.for_key("test-key-1").then(acts.RESET_BEFORE_HEAD)
    vendor.for_key("test-key-2").then(acts.refused(429))
    assert home.talker(client, upstream, stream=stream).say("hello").text == "echo: hello"
    assert vendor.keys_seen == list(KEYS)


def test_a_fault_after_the_first_words_is_not_tried_again(home: House, client: str, upstream: str) -> None:
    home.vendors[upstream].for_key("test-key-1").then(acts.RESET_MIDWAY)
    with pytest.raises((anthropic.APIError, openai.APIError)):
        home.talker(client, upstream, stream=True).say("hello")
    assert home.vendors[upstream].keys_seen == ["test-key-1"]


def test_a_reply_that_is_cut_before_the_client_heard_of_it_is_tried_again(
    home: House, client: str, upstream: str
) -> None:
    home.vendors[upstream].for_key("test-key-1").then(acts.RESET_MIDWAY)
    assert home.talker(client, upstream, stream=False).say("hello").text == "echo: hello"
    assert home.vendors[upstream].keys_seen == ["test-key-1", "test-key-2"]


def test_when_all_keys_rest_one_honest_429_says_who_why_and_when(client: str, foreign: str, stream: bool) -> None:
    with house(disable_cooling=False) as home:
        vendor = home.vendors[foreign]
        vendor.for_key("test-key-1").always(acts.refused(429, "monthly limit", retry_after="120"))
        vendor.for_key("test-key-2").always(acts.refused(401, "key was revoked"))
        vendor.for_key("test-key-3").always(acts.refused(429, "slow down", retry_after="60"))
        body = asked_of(foreign, stream=stream)
        for _ in range(2):
            got = ask(home.proxy.url + PATHS[client], "POST", body=body, headers={"x-api-key": CLIENT_KEY})
            assert got.status == 429
            assert 50 <= int(got.headers["retry-after"]) <= 60
            error = got.json["error"]
            if client == "anthropic":
                assert (got.json["type"], error["type"]) == ("error", "rate_limit_error")
            else:
                assert error.keys() == {"message", "type", "param", "code"}
            assert len(set(re.findall(r"\b[0-9a-f]{8}\b", error["message"]))) == 3
            for reason in ("monthly limit", "key was revoked", "slow down"):
                assert reason in error["message"]
            assert not any(key.encode() in got.body for key in (*KEYS, CLIENT_KEY))
        assert vendor.keys_seen == list(KEYS)  # The second request did not bother anybody.
        home.check()


def test_a_key_that_lacks_the_model_is_passed_over_for_that_model_only(client: str, foreign: str) -> None:
    with house(disable_cooling=False) as home:
        vendor = home.vendors[foreign]
        vendor.for_key("test-key-1").then(acts.refused(404, "no such model"))
        talker = home.talker(client, foreign, stream=False)
        assert [talker.say("hello").text, talker.say("again").text] == ["echo: hello", "echo: again"]
        assert vendor.keys_seen == ["test-key-1", "test-key-2", "test-key-2"]


def test_a_key_that_rests_is_not_asked_and_the_others_go_on(client: str) -> None:
    with house(disable_cooling=False) as home:
        vendor = home.vendors[client]
        vendor.for_key("test-key-1").always(acts.refused(429, retry_after="600"))
        talker = home.talker(client, client, stream=False)
        for number in range(3):
            assert talker.say(f"number {number}").text == f"echo: number {number}"
        assert Counter(vendor.keys_seen) == {"test-key-1": 1, "test-key-2": 3}


def test_round_robin_shares_the_work(client: str) -> None:
    with house(disable_cooling=False, routing={"strategy": "round-robin"}) as home:
        talker = home.talker(client, client, stream=False)
        for number in range(6):
            talker.say(f"number {number}")
        assert Counter(home.vendors[client].keys_seen) == dict.fromkeys(KEYS, 2)


def test_a_hundred_mixed_requests_at_once_are_all_answered_right(home: House) -> None:
    for vendor in home.vendors.values():
        faults = list(FAULTS.values())
        vendor.for_key("test-key-1").then(*(faults[number % len(faults)] for number in range(40)))
        vendor.for_key("test-key-2").then(*(acts.refused(429) for _ in range(10)))

    async def run() -> list[tuple[str, str]]:
        claude = anthropic.AsyncAnthropic(base_url=home.proxy.url, api_key=CLIENT_KEY, max_retries=0, timeout=60)
        chat = openai.AsyncOpenAI(base_url=home.proxy.url + "/v1", api_key=CLIENT_KEY, max_retries=0, timeout=60)
        async with claude, chat:
            return await asyncio.gather(*(_one(number, claude, chat) for number in range(100)))

    answers = asyncio.run(run())
    assert [got for wanted, got in answers if got != wanted] == []
    for vendor in home.vendors.values():
        assert Counter(vendor.keys_seen)["test-key-1"] >= 50
        assert Counter(vendor.keys_seen)["test-key-2"] >= 40


async def _one(number: int, claude: anthropic.AsyncAnthropic, chat: openai.AsyncOpenAI) -> tuple[str, str]:
    """One request of the mix: client dialect, vendor and streaming by its number. What was wanted, what came."""
    nonce = f"nonce-{number:03d}-" + "x" * (number * 37 % 400)
    model = MODELS["anthropic" if number % 4 < 2 else "openai_chat"][0]
    asked: Any = {"model": model, "messages": [{"role": "user", "content": nonce}]}
    kinds: list[Callable[[], Awaitable[str]]] = [
        lambda: _whole_message(claude, asked),
        lambda: _streamed_message(claude, asked),
        lambda: _whole_completion(chat, asked),
        lambda: _streamed_completion(chat, asked),
    ]
    return f"echo: {nonce}", await kinds[number // 4 % 4]()


async def _whole_message(client: anthropic.AsyncAnthropic, asked: Any) -> str:
    message = await client.messages.create(max_tokens=500, **asked)
    return "".join(block.text for block in message.content if block.type == "text")


async def _streamed_message(client: anthropic.AsyncAnthropic, asked: Any) -> str:
    async with client.messages.stream(max_tokens=500, **asked) as stream:
        return await stream.get_final_text()


async def _whole_completion(client: openai.AsyncOpenAI, asked: Any) -> str:
    completion = await client.chat.completions.create(**asked)
    return completion.choices[0].message.content or ""


async def _streamed_completion(client: openai.AsyncOpenAI, asked: Any) -> str:
    chunks = await client.chat.completions.create(stream=True, **asked)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])


def asked_of(upstream: str, *, stream: bool) -> dict[str, Any]:
    return {
        "model": MODELS[upstream][0],
        "max_tokens": 500,
        "stream": stream,
        "messages": [{"role": "user", "content": "hello"}],
    }


def test_the_vendor_hears_within_a_second_that_the_client_has_gone(home: House, client: str, upstream: str) -> None:
    vendor = home.vendors[upstream]
    vendor.script.then(acts.silent(60, after=5))
    with Line(home.proxy.url + PATHS[client], asked_of(upstream, stream=True), {"x-api-key": CLIENT_KEY}) as line:
        assert line.read()
        left_s = time.monotonic()
    home.thread.call(vendor.cancelled.wait(), 10)
    assert vendor.disconnects[0].at_s - left_s < 1
    assert vendor.keys_seen == ["test-key-1"]


def test_a_client_that_leaves_before_the_first_word_is_noticed_too(
    home: House, client: str, upstream: str, stream: bool
) -> None:
    vendor = home.vendors[upstream]
    vendor.script.then(acts.text("late", delay_s=60))
    with Line(home.proxy.url + PATHS[client], asked_of(upstream, stream=stream), {"x-api-key": CLIENT_KEY}):
        home.thread.call(vendor.arrived.wait(), 10)
        left_s = time.monotonic()
    home.thread.call(vendor.cancelled.wait(), 10)
    assert vendor.disconnects[0].at_s - left_s < 1
    assert vendor.keys_seen == ["test-key-1"]
