"""The real Gemini CLI works with keys of the gateway."""

import json
from pathlib import Path

import pytest

from tests.support import gemini_cli
from tests.support.config import CLIENT_KEY, config
from tests.support.house import MODELS, House
from tests.support.proxy import Proxy
from tests.vendors import behaviour as acts
from tests.vendors.gemini import GeminiVendor
from tests.vendors.running import running

pytestmark = pytest.mark.cli

KEYS = ("test-key-1", "test-key-2")
MODEL = "gemini-2.5-pro"


def test_it_reads_and_writes_files_while_the_first_key_is_exhausted(tmp_path: Path) -> None:
    vendor = GeminiVendor(keys=KEYS, models=(MODEL,))
    vendor.for_key(KEYS[0]).always(acts.refused(429, "monthly limit", retry_after="60"))
    read, written = tmp_path / "read.txt", tmp_path / "greeting.txt"
    read.write_text("it stood in the file")
    prompt = f"CALL read_file {json.dumps({'file_path': str(read)})}\nWRITE {written} hello-from-the-model"
    with running(vendor):
        models = [{"name": MODEL, "alias": "gemini-asked"}]
        entries = [{"api-key": key, "base-url": vendor.base_url, "models": models} for key in KEYS]
        with Proxy(config(gemini_api_key=entries, routing={"strategy": "fill-first"})) as proxy:
            way = gemini_cli.by_base_url(proxy.url, CLIENT_KEY)
            finished = gemini_cli.run(prompt, way=way, model="gemini-asked", home=tmp_path)
            assert (finished.exit_code, finished.said) == (0, "done"), finished
            proxy.wait_for(r"(?s)status=200 input_tokens=\d.*status=200 input_tokens=\d")
            assert not any(key in proxy.log for key in (*KEYS, CLIENT_KEY))
    assert written.read_text().strip() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()
    assert vendor.keys_seen == [KEYS[0], KEYS[1], KEYS[1]]


@pytest.mark.parametrize("upstream", MODELS)
def test_it_reads_and_writes_files_with_a_model_of_another_vendor(home: House, tmp_path: Path, upstream: str) -> None:
    vendor = home.vendors[upstream]
    vendor.for_key("test-key-1").always(acts.refused(429, "monthly limit", retry_after="60"))
    read, written = tmp_path / "read.txt", tmp_path / "greeting.txt"
    read.write_text("it stood in the file")
    prompt = f"CALL read_file {json.dumps({'file_path': str(read)})}\nWRITE {written} hello-from-the-model"
    way = gemini_cli.by_base_url(home.proxy.url, CLIENT_KEY)
    finished = gemini_cli.run(prompt, way=way, model=MODELS[upstream][0], home=tmp_path)
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert written.read_text().strip() == "hello-from-the-model"
    assert "it stood in the file" in vendor.asked[-1].body.decode()
    assert {"test-key-1", "test-key-2"} == set(vendor.keys_seen)
