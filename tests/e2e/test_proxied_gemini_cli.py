"""The real Gemini CLI through the HTTPS proxy, which it is told of and nothing else: with a key, and logged in."""

import json
import re
import ssl
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import gemini_cli
from tests.support.certificates import self_made
from tests.support.cli import Finished
from tests.support.config import claude_key, config
from tests.support.proxied import proxied
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.code_assist import CodeAssistVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

pytestmark = pytest.mark.cli

KEYS: Final = ("test-key-1", "test-key-2")
MODEL: Final = "gemini-2.5-pro"
HOST: Final = "generativelanguage.googleapis.com"
CODE_ASSIST: Final = "cloudcode-pa.googleapis.com"
OWN_KEY: Final = "own-key-0123456789"
OWN_TOKEN: Final = "own-token-0123456789"


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    """It reads one file, and writes another."""
    (tmp_path / "read.txt").write_text("it stood in the file")
    call = json.dumps({"file_path": str(tmp_path / "read.txt")})
    return f"CALL read_file {call}\nWRITE {tmp_path / 'greeting.txt'} hello-from-the-model"


def check(finished: Finished, home: Path, vendor: Vendor) -> None:
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert (home / "greeting.txt").read_text().strip() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()


def test_with_a_key_the_pool_answers(prompt: str, tmp_path: Path) -> None:
    vendor = GeminiVendor(keys=KEYS, models=(MODEL,))
    vendor.for_key(KEYS[0]).always(acts.refused(429, "monthly limit", retry_after="60"))
    with running(vendor):
        models = [{"name": MODEL, "alias": "gemini-asked"}]
        entries = [{"api-key": key, "base-url": vendor.base_url, "models": models} for key in KEYS]
        with proxied(config(gemini_api_key=entries, routing={"strategy": "fill-first"}), {}) as proxy:
            login = gemini_cli.with_key(OWN_KEY)
            way = gemini_cli.by_proxy(proxy.proxy_url, [proxy.ca], tmp_path / "trusted.pem", login)
            finished = gemini_cli.run(prompt, way=way, model="gemini-asked", home=tmp_path)
            check(finished, tmp_path, vendor)
            assert len(re.findall(rf"asked: POST {HOST}/v1beta/models/gemini-asked:stream", proxy.log)) == 2
            proxy.wait_for(r"(?s)status=200 input_tokens=\d.*status=200 input_tokens=\d")
            assert not any(key in proxy.log for key in (*KEYS, OWN_KEY))
    assert vendor.keys_seen == [KEYS[0], KEYS[1], KEYS[1]]
    assert not any(OWN_KEY in str(request) for request in vendor.requests)


@pytest.fixture
def own(tmp_path: Path) -> CodeAssistVendor:
    """What stands at Code Assist's name."""
    made = self_made(tmp_path, hosts=(CODE_ASSIST,))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.cert, made.key)
    return CodeAssistVendor(keys=(OWN_TOKEN,), tls=tls)


def run_logged_in(described: dict[str, Any], own: CodeAssistVendor, prompt: str, home: Path) -> Finished:
    with proxied(described, {CODE_ASSIST: own.port}) as proxy:
        login = gemini_cli.with_token(OWN_TOKEN)
        way = gemini_cli.by_proxy(proxy.proxy_url, [proxy.ca], home / "trusted.pem", login)
        finished = gemini_cli.run(prompt, way=way, model=MODEL, home=home)
        assert not any(secret in proxy.log for secret in (*KEYS, OWN_TOKEN))
    return finished


@pytest.mark.parametrize("vendor", ["gemini", "anthropic"])
def test_logged_in_the_pool_answers_too_and_all_else_is_its_own(
    prompt: str, tmp_path: Path, own: CodeAssistVendor, vendor: str
) -> None:
    models = {MODEL: "upstream-model"}
    pool: Vendor = GeminiVendor(keys=KEYS) if vendor == "gemini" else AnthropicVendor(keys=KEYS)
    with running(own, pool):
        entry = claude_key(pool.base_url, KEYS[0], models)
        described = config(gemini_api_key=[entry]) if vendor == "gemini" else config(claude=[entry])
        finished = run_logged_in(described, own, prompt, tmp_path)
    check(finished, tmp_path, pool)
    assert set(pool.keys_seen) == {KEYS[0]}
    assert not any(OWN_TOKEN in str(request) for request in pool.requests)
    asked = {request.path.partition(":")[2] for request in own.requests}
    assert {"loadCodeAssist", "retrieveUserQuota"} <= asked
    assert own.asked == []
    assert all(OWN_TOKEN in request.headers["authorization"] for request in own.requests)


def test_logged_in_a_model_that_nobody_serves_is_its_own_accounts(
    prompt: str, tmp_path: Path, own: CodeAssistVendor
) -> None:
    pool = GeminiVendor(keys=KEYS)
    with running(own, pool):
        described = config(gemini_api_key=[claude_key(pool.base_url, KEYS[0], {"another": "upstream-model"})])
        finished = run_logged_in(described, own, prompt, tmp_path)
    check(finished, tmp_path, own)
    assert own.keys_seen == [OWN_TOKEN] * 2
    assert pool.requests == []
