"""Two simulated vendors and the proxy in front of them, as most end-to-end tests want them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.ports import free_port
from tests.support.proxied import HOSTS, REDIRECT
from tests.support.proxy import Proxy
from tests.support.talkers import TALKERS, Talker, Tool
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import Running, running
from tests.vendors.vendor import Vendor

KEYS: Final = ("test-key-1", "test-key-2", "test-key-3")
MODELS: Final = {"anthropic": ("claude-asked", "claude-sonnet-4-5"), "openai_chat": ("gpt-asked", "gpt-sim")}
"""Dialect of the vendor -> what clients ask for, what the vendor calls it."""

ADAPTING_MODEL: Final = "claude-opus-4-6"
"""Asked for as claude-adapts."""

DEAD_MODELS: Final = {"anthropic": "claude-dead", "openai_chat": "gpt-dead"}
"""Their first upstream refuses connections."""


@dataclass(slots=True)
class House:
    """The proxy and its vendors. No credential rests in it, and the first key is always tried first."""

    proxy: Proxy
    vendors: dict[str, Vendor]
    thread: Running

    def talker(
        self, client: str, upstream: str, *, stream: bool, tools: tuple[Tool, ...] = (), model: str = ""
    ) -> Talker:
        """A client of one dialect whose model is served by the vendor of another."""
        return TALKERS[client](self.proxy.url, CLIENT_KEY, model or MODELS[upstream][0], stream=stream, tools=tools)

    def reset(self) -> None:
        """As new."""
        for vendor in self.vendors.values():
            vendor.reset()

    def check(self) -> None:
        """What must hold after every test: the client's key never reaches a vendor, and no key the log."""
        log = self.proxy.log
        assert not any(key in log for key in (*KEYS, CLIENT_KEY))
        for vendor in self.vendors.values():
            assert vendor.failures == []
            for request in vendor.requests:
                assert CLIENT_KEY not in str(request.headers)
                assert CLIENT_KEY.encode() not in request.body


@contextmanager
def house(**settings: Any) -> Iterator[House]:
    """Opens one. `settings` go to the config as they are."""
    claude = AnthropicVendor(keys=KEYS, models=(MODELS["anthropic"][1], ADAPTING_MODEL))
    chat = OpenAIChatVendor(keys=KEYS, models=(MODELS["openai_chat"][1],))
    with running(claude, chat) as thread:
        described = config(**{**_entries(claude, chat), **settings})
        with Proxy(described, scripts=[REDIRECT], environ={HOSTS: "{}"}) as proxy:  # No vendor under its own name.
            yield House(proxy, {"anthropic": claude, "openai_chat": chat}, thread)


def _entries(claude: AnthropicVendor, chat: OpenAIChatVendor) -> dict[str, Any]:
    asked, named = MODELS["anthropic"]
    chat_asked, chat_named = MODELS["openai_chat"]
    dead = f"http://127.0.0.1:{free_port()}"
    return {
        "claude": [
            *(claude_key(claude.base_url, key, {asked: named, "claude-adapts": ADAPTING_MODEL}) for key in KEYS),
            claude_key(dead, "test-key-dead", {DEAD_MODELS["anthropic"]: named}),
            claude_key(claude.base_url + "/", "test-key-1", {DEAD_MODELS["anthropic"]: named}),
        ],
        "chat": [
            compatible("sim", chat.base_url, KEYS, {chat_asked: chat_named}),
            compatible("dead", f"{dead}/v1", ["test-key-dead"], {DEAD_MODELS["openai_chat"]: chat_named}),
            compatible("alive", chat.base_url, ["test-key-1"], {DEAD_MODELS["openai_chat"]: chat_named}),
        ],
        "routing": {"strategy": "fill-first"},
        "disable_cooling": True,
    }
