"""The real Claude Code works with vendors that its own vendor is not."""

import json
from pathlib import Path

import pytest

from tests.support import claude_code
from tests.support.config import CLIENT_KEY, config
from tests.support.house import MODELS, House
from tests.support.proxy import Proxy
from tests.vendors import behaviour as acts
from tests.vendors.gemini import GeminiVendor
from tests.vendors.gemini_signature import SKIP
from tests.vendors.running import running

pytestmark = pytest.mark.cli


@pytest.mark.parametrize("entrance", ["base URL", "HTTPS proxy"])
@pytest.mark.parametrize("upstream", ["openai_chat", "anthropic"])
def test_it_reads_and_writes_files_while_the_first_key_is_exhausted(
    home: House, tmp_path: Path, upstream: str, entrance: str
) -> None:
    proxied = entrance == "HTTPS proxy"
    way = claude_code.by_base_url(home.proxy.url)
    if proxied:
        way = claude_code.by_proxy(home.proxy.proxy_url, home.proxy.ca)
    vendor = home.vendors[upstream]
    vendor.for_key("test-key-1").always(acts.refused(429, "monthly limit", retry_after="60"))
    read, written = tmp_path / "read.txt", tmp_path / "greeting.txt"
    read.write_text("it stood in the file")
    finished = claude_code.run(
        f"CALL Read {json.dumps({'file_path': str(read)})}\nWRITE {written} hello-from-the-model",
        way=way,
        key="sk-ant-own-0123456789" if proxied else CLIENT_KEY,
        model=MODELS[upstream][0],
        home=tmp_path,
    )
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert written.read_text().strip() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()
    assert {"test-key-1", "test-key-2"} == set(vendor.keys_seen)
    assert list(finished.output.get("modelUsage", {})) == [MODELS[upstream][0]]


@pytest.mark.parametrize(("model", "vertex"), [("gemini-2.5-pro", True), ("gemini-3-pro-preview", False)])
def test_it_reads_and_writes_files_with_a_model_of_googles(tmp_path: Path, model: str, vertex: bool) -> None:
    """What it sends back has no signatures, which the third generation wants: they are put back."""
    vendor = GeminiVendor(vertex=vertex, keys=("test-key-1",), models=(model,))
    read, written = tmp_path / "read.txt", tmp_path / "greeting.txt"
    read.write_text("it stood in the file")
    with running(vendor):
        models = [{"name": model, "alias": "gemini-asked"}]
        entry = {"api-key": "test-key-1", "base-url": vendor.base_url, "models": models}
        section = {"vertex_api_key" if vertex else "gemini_api_key": [entry]}
        with Proxy(config(**section)) as proxy:
            finished = claude_code.run(
                f"CALL Read {json.dumps({'file_path': str(read)})}\nWRITE {written} hello-from-the-model",
                way=claude_code.by_base_url(proxy.url),
                key=CLIENT_KEY,
                model="gemini-asked",
                home=tmp_path,
            )
            assert (finished.exit_code, finished.said) == (0, "done"), (finished, proxy.log[-3000:])
    assert written.read_text().strip() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()
    sent = vendor.asked[-1].body.decode()
    assert ("thoughtSignature" in sent) == (not vertex)
    assert SKIP not in sent
    assert vendor.failures == []
