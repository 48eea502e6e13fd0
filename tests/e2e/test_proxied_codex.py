"""The real Codex through the HTTPS proxy, which it is told of and nothing else: with a key, and logged in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.engine.http2 import server_context
from tests.support import codex
from tests.support.config import config
from tests.support.proxied import proxied
from tests.support.proxy import Proxy
from tests.vendors import behaviour as acts
from tests.vendors.chatgpt import CHECK, chatgpt
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running

pytestmark = pytest.mark.cli

KEYS: Final = ("test-key-1", "test-key-2")
MODEL: Final = "gpt-5-sim"
OWN_KEY: Final = "sk-own-0123456789"
CALLS: Final = ("cat read.txt", "printf %s hello-from-the-model > greeting.txt")
PROMPT: Final = "\n".join(f"CALL exec_command {json.dumps({'cmd': cmd})}" for cmd in CALLS)


@pytest.fixture(params=[True, False], ids=["keys of the API", "keys of a Codex backend"])
def vendor(request: pytest.FixtureRequest) -> Iterator[ResponsesVendor]:
    one = ResponsesVendor(genuine=request.param, keys=KEYS, models=(MODEL,))
    with running(one):
        one.for_key(KEYS[0]).always(acts.refused(429, "monthly limit", retry_after="60"))
        yield one


def pool(vendor: ResponsesVendor) -> dict[str, Any]:
    models = [{"name": MODEL, "alias": "gpt-asked"}]
    entries = [{"api-key": key, "base-url": vendor.base_url, "models": models} for key in KEYS]
    return config(codex_api_key=entries, routing={"strategy": "fill-first"})


def work(proxy: Proxy, vendor: ResponsesVendor, home: Path, login: str | dict[str, Any]) -> None:
    """It reads a file and writes one while the first key is exhausted. It opens WebSockets, and falls back."""
    (home / "read.txt").write_text("it stood in the file")
    finished = codex.run_by_proxy(PROMPT, url=proxy.proxy_url, ca=proxy.ca, login=login, model="gpt-asked", home=home)
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert (home / "greeting.txt").read_text() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()
    assert vendor.keys_seen == [KEYS[0], KEYS[1], KEYS[1]]
    proxy.wait_for(r"(?s)status=200 input_tokens=\d.*status=200 input_tokens=\d")


def asked(proxy: Proxy, host: str, path: str) -> list[tuple[str, ...]]:
    """The method, the protocol and the encoding of each request there, as Codex said them."""
    told = re.findall(rf"asked: (\S+) {re.escape(host + path)} (\S+) (\S+)", proxy.log)
    return [tuple(one) for one in told]


def test_with_a_key_it_asks_openai_and_the_pool_answers(vendor: ResponsesVendor, tmp_path: Path) -> None:
    account = chatgpt(OWN_KEY, codex.ACCOUNT, server_context("http/1.1"))
    with running(account), proxied(pool(vendor), {"chatgpt.com": account.port}) as proxy:
        work(proxy, vendor, tmp_path, OWN_KEY)
        handshake, *posts = asked(proxy, "api.openai.com", "/v1/responses")
        assert handshake == ("GET", "HTTP/1.1", "-")
        assert posts == [("POST", "HTTP/2.0", "-")] * 2
        assert len(re.findall("refused: 426", proxy.log)) == 1
        assert not any(key in proxy.log for key in (*KEYS, OWN_KEY))
    assert not any(OWN_KEY in str(request) for request in vendor.requests)
    assert "GET /backend-api/codex/models" in account.paths
    assert not any(key in str(passed.headers) for key in KEYS for passed in account.requests)


def test_logged_in_it_keeps_its_own_account_for_everything_but_inference(
    vendor: ResponsesVendor, tmp_path: Path
) -> None:
    own = codex.chatgpt_login()
    bearer = own["tokens"]["access_token"]
    account = chatgpt(bearer, codex.ACCOUNT, server_context("http/1.1"))
    with running(account), proxied(pool(vendor), {"chatgpt.com": account.port}) as proxy:
        work(proxy, vendor, tmp_path, own)
        handshake, *posts = asked(proxy, "chatgpt.com", "/backend-api/codex/responses")
        assert handshake == ("GET", "HTTP/1.1", "-")
        assert posts == [("POST", "HTTP/2.0", "zstd")] * 2
        assert asked(proxy, "chatgpt.com", "/backend-api/wham/accounts/check")[0][:2] == ("GET", "HTTP/2.0")
        assert not any(key in proxy.log for key in (*KEYS, bearer))
    assert CHECK in account.paths
    for passed in account.requests:
        assert passed.headers["authorization"] == f"Bearer {bearer}"
        assert passed.headers["chatgpt-account-id"] == codex.ACCOUNT
        assert "/codex/responses" not in passed.path
        assert not any(key in str(passed.headers) for key in KEYS)
    for request in vendor.requests:
        assert bearer not in str(request.headers)
        assert codex.ACCOUNT not in str(request.headers)
