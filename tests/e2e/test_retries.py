"""Several models, providers and priorities behind one name: who answers, and who stands in for whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.config import CLIENT_KEY, compatible, config
from tests.support.proxy import Proxy
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running
from tests.vendors.server import Request

KEYS = ["test-key-1", "test-key-2"]
TENANT = [{"status": 400, "match": ["wrong tenant"], "action": "continue"}]


class Shop:
    """A vendor that takes any key and model, and the proxy in front of it."""

    def __init__(self, proxy: Proxy, vendor: OpenAIChatVendor) -> None:
        self.proxy = proxy
        self.vendor = vendor

    def ask(self, model: str, words: str = "hello", **headers: str) -> Got:
        """A chat client's answer. Headers with `_` for `-`."""
        body = {"model": model, "messages": [{"role": "user", "content": words}]}
        sent = {"authorization": f"Bearer {CLIENT_KEY}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return ask(self.proxy.url + "/v1/chat/completions", "POST", body=body, headers=sent)

    def asked(self, model: str, times: int = 1) -> list[Request]:
        """What the vendor hears when so many clients ask for a model, all of whom get their answer."""
        before = len(self.vendor.asked)
        for _ in range(times):
            got = self.ask(model)
            assert got.json["choices"][0]["message"]["content"] == "echo: hello"
        return self.vendor.asked[before:]


@contextmanager
def shop(**settings: Any) -> Iterator[Shop]:
    """Opens one."""
    vendor = OpenAIChatVendor()
    with running(vendor):
        url = vendor.base_url
        aliases = {**compatible("aliases", url, ["test-key-1"], {}), "models": both("one", "two")}
        entries = [
            aliases,
            compatible("left", url, ["test-key-left"], {"shared": "sim"}),
            compatible("right", url, ["test-key-right"], {"shared": "sim"}),
            {**compatible("high", url, ["test-key-high"], {"tiered": "sim"}), "priority": 1},
            compatible("low", url, ["test-key-low"], {"tiered": "sim"}),
            {**compatible("ruled", url, KEYS, {"ruled": "sim"}), "request-scoped-errors": TENANT},
            compatible("keys", url, [*KEYS, "test-key-3"], {"keys": "sim"}),
        ]
        with Proxy(config(chat=entries, **settings)) as proxy:
            yield Shop(proxy, vendor)


def both(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "alias": "pooled"} for name in names]


@pytest.fixture(scope="module")
def opened() -> Iterator[Shop]:
    with shop(disable_cooling=True, passthrough_headers=True) as one:
        yield one


@pytest.fixture
def home(opened: Shop) -> Shop:
    """As new, but for the turns."""
    opened.vendor.reset()
    return opened


@pytest.mark.parametrize("fault", [acts.refused(500), acts.RESET_BEFORE_HEAD, acts.refused(429)])
def test_a_model_stands_in_for_the_other_of_its_alias(home: Shop, fault: acts.Behaviour) -> None:
    home.vendor.script.then(fault)
    models = [request.json["model"] for request in home.asked("pooled")]
    assert sorted(models) == ["one", "two"]


def test_the_models_of_an_alias_take_turns(home: Shop) -> None:
    models = [request.json["model"] for request in home.asked("pooled", 4)]
    assert sorted(models) == ["one", "one", "two", "two"]
    assert models[0] != models[1]
    assert home.ask("pooled").json["model"] == "pooled"


def test_two_providers_of_one_name_alternate(home: Shop) -> None:
    keys = [request.credential for request in home.asked("shared", 4)]
    assert sorted(keys) == ["test-key-left"] * 2 + ["test-key-right"] * 2
    assert keys[0] == keys[2] != keys[1] == keys[3]


def test_a_lower_priority_is_asked_only_when_the_higher_has_failed(home: Shop) -> None:
    assert [request.credential for request in home.asked("tiered", 3)] == ["test-key-high"] * 3
    home.vendor.for_key("test-key-high").then(acts.refused(503))
    assert [request.credential for request in home.asked("tiered")] == ["test-key-high", "test-key-low"]


def test_a_rule_lets_a_refused_request_go_on_to_the_next_key(home: Shop) -> None:
    home.vendor.script.then(acts.refused(400, "wrong tenant for this model"))
    assert sorted(request.credential for request in home.asked("ruled")) == KEYS
    home.proxy.wait_for(r"by request-scoped-errors: continue")
    home.vendor.script.then(acts.refused(400, "max_tokens is too large"))
    assert home.ask("ruled").status == 400


def test_the_vendors_headers_reach_the_client_where_the_config_says_so(home: Shop) -> None:
    got = home.ask("keys")
    ours = {"x-cliproxy-provider", "x-cliproxy-credential", "x-cliproxy-attempts"}
    assert ours <= got.headers.keys()
    assert "openai-processing-ms" in got.headers


def test_a_session_keeps_its_key_while_others_take_turns() -> None:
    with shop(routing={"session-affinity": True}) as home:
        for number in range(3):
            home.ask("keys", x_claude_code_session_id="mine")
            home.ask("keys", f"somebody else, {number}")
        keys = home.vendor.keys_seen
        assert len(set(keys[::2])) == 1
        assert len(set(keys[1::2])) == 3
