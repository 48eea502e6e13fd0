"""The real Codex works with keys of the gateway, whatever it takes the gateway for."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import codex
from tests.support.config import CLIENT_KEY, config
from tests.support.proxy import Proxy
from tests.vendors import behaviour as acts
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running

pytestmark = pytest.mark.cli

KEYS = ("test-key-1", "test-key-2")
MODEL = "gpt-5-sim"


@pytest.fixture(params=[True, False], ids=["the API", "the Codex backend"])
def vendor(request: pytest.FixtureRequest) -> Iterator[ResponsesVendor]:
    one = ResponsesVendor(genuine=request.param, keys=KEYS, models=(MODEL,))
    with running(one):
        yield one


@pytest.fixture
def proxy(vendor: ResponsesVendor) -> Iterator[Proxy]:
    models = [{"name": MODEL, "alias": "gpt-asked"}]
    entries = [{"api-key": key, "base-url": vendor.base_url, "models": models} for key in KEYS]
    with Proxy(config(codex_api_key=entries, routing={"strategy": "fill-first"})) as it:
        yield it


@pytest.mark.parametrize(
    ("path", "built_in"),
    [("/v1", False), ("/backend-api/codex", False), ("/v1", True)],
    ids=["a provider of its own", "the ChatGPT path", "OpenAI at another address"],
)
def test_it_reads_and_writes_files_while_the_first_key_is_exhausted(
    proxy: Proxy, vendor: ResponsesVendor, tmp_path: Path, path: str, built_in: bool
) -> None:
    vendor.for_key(KEYS[0]).always(acts.refused(429, "monthly limit", retry_after="60"))
    (tmp_path / "read.txt").write_text("it stood in the file")
    calls = ("cat read.txt", "printf %s hello-from-the-model > greeting.txt")
    prompt = "\n".join(f"CALL exec_command {json.dumps({'cmd': cmd})}" for cmd in calls)
    finished = codex.run(
        prompt, base_url=proxy.url + path, key=CLIENT_KEY, model="gpt-asked", home=tmp_path, built_in=built_in
    )
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert (tmp_path / "greeting.txt").read_text() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()
    assert vendor.keys_seen == [KEYS[0], KEYS[1], KEYS[1]]
    proxy.wait_for(r"(?s)status=200 input_tokens=\d.*status=200 input_tokens=\d")
    assert not any(key in proxy.log for key in (*KEYS, CLIENT_KEY))
