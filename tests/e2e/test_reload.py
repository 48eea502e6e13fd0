"""Edits of config.yaml while the gateway runs: what a person saves is what the next request meets."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.ports import free_port
from tests.support.proxy import Proxy
from tests.support.raw import Got, Line, ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import Running, running

KEYS: Final = ("test-key-1", "test-key-2")
ASKED: Final = {"max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}


class Place:
    """A gateway in front of one vendor."""

    def __init__(self, vendor: AnthropicVendor, thread: Running, proxy: Proxy) -> None:
        self.vendor = vendor
        self.thread = thread
        self.proxy = proxy

    def described(self, keys: tuple[str, ...] = KEYS[:1], alias: str = "a", **more: Any) -> dict[str, Any]:
        """A config whose keys serve one model under that name."""
        entries = [claude_key(self.vendor.base_url, key, {alias: "m"}) for key in keys]
        return config(claude=entries, **{"routing": {"strategy": "fill-first"}, **more})

    def say(self, model: str = "a", key: str = CLIENT_KEY, *, stream: bool = False) -> Got:
        """One request, as plain as it gets."""
        return ask(
            f"{self.proxy.url}/v1/messages",
            "POST",
            body={**ASKED, "model": model, "stream": stream},
            headers={"x-api-key": key},
        )


@pytest.fixture
def place() -> Iterator[Place]:
    vendor = AnthropicVendor(keys=KEYS)
    with running(vendor) as thread:
        first = config(claude=[claude_key(vendor.base_url, KEYS[0], {"a": "m"})], routing={"strategy": "fill-first"})
        with Proxy(first) as proxy:
            yield Place(vendor, thread, proxy)
            for key in (*KEYS, CLIENT_KEY):
                assert key not in proxy.log


def test_a_new_alias_a_new_key_and_a_new_client_key_serve_the_next_request(place: Place) -> None:
    assert place.say("b").status == 404
    place.proxy.change(place.described(alias="b"))
    assert place.say("b").status == 200
    assert place.say("a").status == 404
    assert place.say("b", "test-client-key-2").status == 401
    place.proxy.change({**place.described(KEYS, "b"), "api-keys": ["test-client-key-2"]})
    assert place.say("b").status == 401
    place.vendor.for_key(KEYS[0]).then(acts.refused(401, "revoked"))
    assert place.say("b", "test-client-key-2").status == 200
    assert place.vendor.keys_seen[-2:] == list(KEYS)


def test_an_invalid_edit_is_refused_with_its_reason_and_the_old_config_goes_on(place: Place) -> None:
    since = len(place.proxy.log)
    place.proxy.change({**place.described(), "prot": 1}, said="not taken")
    assert "config.yaml: prot: is not a key: `port` was probably meant" in place.proxy.log[since:]
    assert place.say().status == 200
    place.proxy.config_path.write_text("api-keys: [\n")
    place.proxy.wait_for(r"line \d+, column", since=since)
    assert place.say().status == 200
    place.proxy.change(place.described(alias="b"))
    assert place.say("b").status == 200


def test_an_editor_that_renames_a_file_into_place_is_heard(place: Place) -> None:
    since = len(place.proxy.log)
    new = place.proxy.config_path.with_suffix(".new")
    new.write_text(json.dumps({**place.described(alias="b"), "port": place.proxy.port}))
    new.replace(place.proxy.config_path)
    place.proxy.wait_for("was taken: .*claude-api-key", since=since)
    assert place.say("b").status == 200


def test_a_stream_that_runs_goes_on_to_its_end(place: Place) -> None:
    place.vendor.script.then(acts.text("one two three four five six seven eight nine ten", pace_s=0.2))
    asked = {**ASKED, "model": "a", "stream": True}
    with Line(f"{place.proxy.url}/v1/messages", asked, {"x-api-key": CLIENT_KEY}) as line:
        assert b"message_start" in line.read()
        place.proxy.change({**place.described(("test-key-2",), "b"), "api-keys": ["test-client-key-2"]})
        assert place.say("b", "test-client-key-2").status == 200
        rest = line.read_rest()
    assert b"message_stop" in rest
    assert b"error" not in rest


def test_what_rests_goes_on_resting_under_the_new_config(place: Place) -> None:
    place.proxy.change(place.described(KEYS))
    place.vendor.for_key(KEYS[0]).always(acts.refused(429, "slow down", retry_after="600"))
    assert place.say().status == 200
    assert place.vendor.keys_seen == list(KEYS)
    place.proxy.change({**place.described(KEYS), "request-retry": 1})
    assert place.say().status == 200
    assert place.vendor.keys_seen == [*KEYS, KEYS[1]]  # Nobody has asked the first again.


def test_another_port_waits_for_a_restart(place: Place) -> None:
    since = len(place.proxy.log)
    place.proxy.change({**place.described(), "port": free_port()})
    place.proxy.wait_for("port: needs a restart", since=since)
    assert place.say().status == 200


def test_debug_applies_at_once_and_ends_at_once(place: Place) -> None:
    more = "transports closed"  # Which mitmproxy says for itself.
    for debug in (True, False):
        place.proxy.change(place.described(debug=debug))
        since = len(place.proxy.log)
        assert place.say().status == 200
        place.proxy.wait_for("status=200", since=since)
        if debug:
            place.proxy.wait_for(more, since=since)
    assert place.say().status == 200  # The connection of the request before has ended by now.
    assert more not in place.proxy.log[since:]


def test_the_first_credential_can_come_while_it_runs(place: Place) -> None:
    place.proxy.change({"api-keys": [CLIENT_KEY]})
    assert place.say().status == 404
    place.proxy.change(place.described())
    assert place.say().status == 200


def test_many_quick_edits_end_with_the_last_one(place: Place) -> None:
    for number in range(200):
        described = place.described(alias=f"a{number}")
        place.proxy.write(described if number % 7 else {**described, "prot": 1})
        if number % 20 == 0:
            assert place.say(f"a{number}").status in (200, 404)
        time.sleep(0.01)  # As fast as an eager formatter saves; nothing is waited for.
    last = {**place.described(alias="last"), "request-retry": 1}
    place.proxy.change(last, said="was taken: .*request-retry")
    assert place.say("last").status == 200


def test_a_file_that_was_removed_changes_nothing_until_it_is_back(place: Place) -> None:
    since = len(place.proxy.log)
    kept = place.proxy.config_path.read_text()
    place.proxy.config_path.unlink()
    place.proxy.wait_for("is gone or empty", since=since)
    assert place.say().status == 200
    place.proxy.config_path.write_text(kept)
    place.proxy.change(place.described(alias="b"))
    assert place.say("b").status == 200
