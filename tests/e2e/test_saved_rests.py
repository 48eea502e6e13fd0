"""save-cooldown-status: who rests goes on resting after the gateway was stopped, or killed."""

import os
import signal
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.proxy import Proxy
from tests.support.raw import ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

KEYS: Final = ("test-key-1", "test-key-2")


def say(proxy: Proxy) -> int:
    body = {"model": "a", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
    return ask(f"{proxy.url}/v1/messages", "POST", body=body, headers={"x-api-key": CLIENT_KEY}).status


def described(vendor: AnthropicVendor, folder: Path, **more: Any) -> dict[str, Any]:
    entries = [claude_key(vendor.base_url, key, {"a": "m"}) for key in KEYS]
    return config(
        claude=entries,
        auth_dir=str(folder),
        **{"routing": {"strategy": "fill-first"}, "save-cooldown-status": True, **more},
    )


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_a_new_process_leaves_those_alone_who_rest(tmp_path: Path, killed: bool) -> None:
    vendor = AnthropicVendor(keys=KEYS)
    folder = tmp_path / "auths"
    with running(vendor):
        vendor.for_key(KEYS[0]).then(acts.refused(429, "slow down", retry_after="600"))
        with Proxy(described(vendor, folder)) as proxy:
            assert say(proxy) == 200
            if killed:
                wait_for_file(folder)
                os.kill(proxy.pid, signal.SIGKILL)
        assert vendor.keys_seen == list(KEYS)
        (file,) = folder.glob("*.cds")
        assert file.stat().st_mode & 0o777 == 0o600
        assert not any(key in file.read_text() for key in KEYS)
        with Proxy(described(vendor, folder)) as proxy:
            assert say(proxy) == 200
    assert vendor.keys_seen == [*KEYS, KEYS[1]]


def test_the_switch_takes_effect_while_the_gateway_runs(tmp_path: Path) -> None:
    vendor = AnthropicVendor(keys=KEYS)
    folder = tmp_path / "auths"
    with running(vendor), Proxy(described(vendor, folder, **{"save-cooldown-status": False})) as proxy:
        vendor.for_key(KEYS[0]).then(acts.refused(429, "slow down", retry_after="600"))
        assert say(proxy) == 200
        assert not folder.exists()
        proxy.change(described(vendor, folder))
        vendor.for_key(KEYS[1]).then(acts.refused(429, "slow down", retry_after="600"))
        assert say(proxy) == 429
        wait_for_file(folder)


def wait_for_file(folder: Path) -> None:
    """The writer is a thread of the gateway: there is nothing to hear of it but its file."""

    deadline_s = time.monotonic() + 10
    while not list(folder.glob("*.cds")):
        assert time.monotonic() < deadline_s, "no rest was saved"
        time.sleep(0.01)
