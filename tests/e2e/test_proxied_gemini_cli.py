"""The real Gemini CLI through the HTTPS proxy, which it is told of and nothing else: with a key, and logged in."""

import json
import re
import ssl
from pathlib import Path
from typing import Final

import pytest

from tests.support import gemini_cli
from tests.support.certificates import self_made
from tests.support.config import config
from tests.support.proxied import proxied
from tests.vendors import behaviour as acts
from tests.vendors.code_assist import CodeAssistVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.running import running

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


def check(finished: gemini_cli.Finished, home: Path, vendor: GeminiVendor) -> None:
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


def test_logged_in_it_goes_on_with_its_own_account_unopened(prompt: str, tmp_path: Path) -> None:
    """Nothing here could answer Code Assist: it shows its own certificate, and the proxy sees a tunnel."""
    made = self_made(tmp_path, hosts=(CODE_ASSIST,))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.cert, made.key)
    own, pool = CodeAssistVendor(keys=(OWN_TOKEN,), tls=tls), GeminiVendor(keys=KEYS, models=(MODEL,))
    with running(own, pool):
        entry = {"api-key": KEYS[0], "base-url": pool.base_url, "models": [{"name": MODEL}]}
        with proxied(config(gemini_api_key=[entry]), {CODE_ASSIST: own.port}) as proxy:
            login = gemini_cli.with_token(OWN_TOKEN)
            way = gemini_cli.by_proxy(proxy.proxy_url, [proxy.ca, made.ca], tmp_path / "trusted.pem", login)
            finished = gemini_cli.run(prompt, way=way, model=MODEL, home=tmp_path)
            check(finished, tmp_path, own)
            assert f"asked: POST {CODE_ASSIST}" not in proxy.log
            assert OWN_TOKEN not in proxy.log
    assert own.keys_seen == [OWN_TOKEN] * 2
    assert {"loadCodeAssist", "retrieveUserQuota"} <= {request.path.partition(":")[2] for request in own.requests}
    assert pool.requests == []
