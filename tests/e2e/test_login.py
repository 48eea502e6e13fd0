"""A key that is added while the gateway runs serves the next request."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.config import CLIENT_KEY, config
from tests.support.proxy import Proxy
from tests.support.talkers import AnthropicTalker
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running

LOGIN: Final = [sys.executable, str(Path(__file__).parents[2] / "scripts" / "login.py"), "key"]


def login(proxy: Proxy, key: str, *arguments: str) -> None:
    """Adds the key, and waits until the gateway has it."""
    since = len(proxy.log)
    done = subprocess.run(
        [*LOGIN, *arguments, "--config", str(proxy.config_path)],
        input=key,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert key not in done.stdout
    proxy.wait_for("was taken", since=since)


def test_keys_that_are_added_one_by_one_serve_at_once() -> None:
    claude, chat = AnthropicVendor(keys=("test-key-1", "test-key-2")), OpenAIChatVendor(keys=("test-key-3",))
    with running(claude, chat), Proxy(config(routing={"strategy": "fill-first"})) as proxy:
        proxy.wait_for("Missing")
        login(proxy, "test-key-1", "claude", "--base-url", claude.base_url, "--model", "m=a")
        talker = AnthropicTalker(proxy.url, CLIENT_KEY, "a", stream=True)
        assert talker.say("hello").text == "echo: hello"
        login(proxy, "test-key-2", "claude", "--base-url", claude.base_url, "--model", "m=a")
        claude.for_key("test-key-1").always(acts.refused(401, "revoked"))
        assert talker.say("hello").text == "echo: hello"
        assert claude.keys_seen == ["test-key-1", "test-key-1", "test-key-2"]
        login(proxy, "test-key-3", "sim", "--base-url", chat.base_url, "--model", "gpt-sim=b")
        assert AnthropicTalker(proxy.url, CLIENT_KEY, "b", stream=True).say("hello").text == "echo: hello"
        for key in ("test-key-1", "test-key-2", "test-key-3"):
            assert key not in proxy.log
