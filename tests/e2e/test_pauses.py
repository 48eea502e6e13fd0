"""No stream waits for Python to look for garbage."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from addons.garbage import FEW_KB, PLAIN_KB
from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.count_garbage import STAYS
from tests.support.proxy import Proxy
from tests.support.raw import Line, ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

COUNT: Final = Path(__file__).parents[1] / "support" / "count_garbage.py"
KEYS: Final = ("test-key-1", "test-key-2")
PATHS: Final = ("/v1/messages", "/v1/chat/completions")
WITHIN_S: Final = 10.0


@contextmanager
def counted(**environ: str) -> Iterator[tuple[Proxy, AnthropicVendor]]:
    """As scripts/run starts it: Python's checks, which make garbage of their own, are off."""
    vendor = AnthropicVendor(keys=KEYS, models=("claude-sonnet-4-5",))
    with running(vendor):
        keys = [claude_key(vendor.base_url, key, {"sonnet": "claude-sonnet-4-5"}) for key in KEYS]
        described = config(claude=keys, routing={"strategy": "fill-first"}, disable_cooling=True)
        with Proxy(described, scripts=[COUNT], environ={"PYTHONOPTIMIZE": "1", **environ}) as proxy:
            proxy.wait_for("Try  ")  # The last word of the start.
            until(proxy, lambda seen: seen["left-out"] > 0)
            yield proxy, vendor


def look(proxy: Proxy) -> dict[str, int]:
    """What the addon counts now."""
    since = len(proxy.log)
    assert ask(f"{proxy.url}/healthz").status == 200
    line = proxy.wait_for(r"objects=.*", since=since)[0]
    return {name: int(count) for name, count in re.findall(r"([a-z-]+)=(\d+)", line)}


def until(proxy: Proxy, fits: Callable[[dict[str, int]], bool]) -> None:
    """Looks until what is counted fits."""
    end_s = time.monotonic() + WITHIN_S
    while not fits(seen := look(proxy)):
        assert time.monotonic() < end_s, seen
        time.sleep(0.25)


def asked(*, stream: bool) -> dict[str, Any]:
    return {"model": "sonnet", "max_tokens": 50, "stream": stream, "messages": [{"role": "user", "content": "hello"}]}


def test_what_start_up_has_made_is_not_looked_through() -> None:
    with counted() as (proxy, _):
        seen = look(proxy)
        assert seen["left-out"] > 50_000 > 5 * seen["objects"]


@pytest.mark.parametrize("path", PATHS)
def test_an_exchange_that_is_over_leaves_nothing_to_look_for(path: str) -> None:
    with counted(**{STAYS: "1"}) as (proxy, vendor):
        headers = {"x-api-key": CLIENT_KEY}
        with Line(proxy.url + path, asked(stream=False), headers) as whole:
            assert b"echo: hello" in whole.read_all()
            with Line(proxy.url + path, asked(stream=True), headers) as streamed:
                for fault in (acts.refused(500), acts.RESET_BEFORE_HEAD, acts.ERROR_AT_HEAD, acts.RESET_AFTER_HEAD):
                    assert b"echo: hello" in streamed.read_all()
                    vendor.for_key(KEYS[0]).then(fault)
                    streamed.ask_again()
                assert b"echo: hello" in streamed.read_all()
                vendor.script.then(acts.silent(60, after=5))
                with Line(proxy.url + path, asked(stream=True), headers) as left:
                    assert left.read()
                    until(proxy, lambda seen: seen["exchanges"] == 2)  # One stream and its run.
                until(proxy, lambda seen: seen["exchanges"] == 0)


def test_connections_that_have_closed_are_looked_for_while_nobody_waits() -> None:
    with counted() as (proxy, _):
        full = look(proxy)["full"]
        for _ in range(FEW_KB // PLAIN_KB + 1):
            assert ask(f"{proxy.url}{PATHS[0]}", "POST", body=asked(stream=False), headers={"x-api-key": CLIENT_KEY})
        until(proxy, lambda seen: seen["full"] > full)
