"""mitmweb on the same addons: it answers, it shows both sides of an exchange, and no secret."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.proxy import WEB_PASSWORD, Proxy
from tests.support.raw import Got, ask
from tests.support.talkers import AnthropicTalker
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running

KEYS = ("test-key-1", "test-key-2")


@pytest.fixture(scope="module")
def seen() -> Iterator[tuple[Proxy, list[Any]]]:
    """mitmweb after one streamed exchange with a failed attempt, and its list of flows."""
    claude, chat = AnthropicVendor(keys=KEYS), OpenAIChatVendor(keys=KEYS)
    described = config(
        claude=[claude_key(claude.base_url, "test-key-1", {"claude-asked": "claude-sonnet-4-5"})],
        chat=[],
        routing={"strategy": "fill-first"},
    )
    with running(claude, chat):
        described["claude-api-key"][0]["base-url"] = claude.base_url
        described["openai-compatibility"] = [compatible("sim", chat.base_url, KEYS, {"gpt-asked": "gpt-sim"})]
        with Proxy(described, program="mitmweb") as proxy:
            chat.for_key("test-key-1").then(acts.refused(429, "slow down", retry_after="60"))
            heard = AnthropicTalker(proxy.url, CLIENT_KEY, "gpt-asked", stream=True).say("hello there")
            assert heard.text == "echo: hello there"
            proxy.wait_for(r"attempts=2 status=200")
            flows = web(proxy, "/flows").json
            yield proxy, flows


def web(proxy: Proxy, path: str) -> Got:
    return ask(proxy.web_url + path, headers={"authorization": f"Bearer {WEB_PASSWORD}"})


def contents(proxy: Proxy, flow: Any) -> bytes:
    """Everything that the console can show of a flow."""
    shown = json.dumps(flow).encode()
    for side in ("request", "response"):
        if flow.get(side):
            shown += web(proxy, f"/flows/{flow['id']}/{side}/content.data").body
            shown += web(proxy, f"/flows/{flow['id']}/{side}/content/auto").body
    return shown


def test_the_console_wants_its_password(seen: tuple[Proxy, list[Any]]) -> None:
    proxy, _ = seen
    assert ask(proxy.web_url + "/flows").status == 403


def test_the_clients_flow_shows_what_the_client_said_and_got(seen: tuple[Proxy, list[Any]]) -> None:
    proxy, flows = seen
    (flow,) = [flow for flow in flows if flow["request"]["path"].startswith("/v1/messages")]
    asked = web(proxy, f"/flows/{flow['id']}/request/content.data").body
    assert json.loads(asked)["messages"][0]["content"][0]["text"] == "hello there"
    answered = web(proxy, f"/flows/{flow['id']}/response/content.data").body
    assert flow["response"]["status_code"] == 200
    assert b"event: message_stop" in answered


def test_each_attempt_is_a_flow_of_its_own(seen: tuple[Proxy, list[Any]]) -> None:
    proxy, flows = seen
    attempts = [flow for flow in flows if flow["request"]["path"] == "/v1/chat/completions"]
    assert [flow["response"]["status_code"] for flow in attempts] == [429, 200]
    for flow in attempts:
        asked = json.loads(web(proxy, f"/flows/{flow['id']}/request/content.data").body)
        assert asked["model"] == "gpt-sim"
    answered = web(proxy, f"/flows/{attempts[1]['id']}/response/content.data").body
    assert b'"object":"chat.completion.chunk"' in answered


def test_no_secret_can_be_seen_in_the_console_or_in_the_log(seen: tuple[Proxy, list[Any]]) -> None:
    proxy, flows = seen
    shown = b"".join(contents(proxy, flow) for flow in flows) + proxy.log.encode()
    secrets = re.findall(rb"test-key-\d|test-client-key-\d", shown)
    assert secrets == []
