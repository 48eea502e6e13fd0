"""The real Claude Code and Gemini CLI on vendors that speak Responses: OpenAI itself, and the backend of Codex."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support import claude_code, gemini_cli
from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.proxy import Proxy
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running

pytestmark = pytest.mark.cli

KEY: Final = "test-key-1"
MODEL: Final = "gpt-5-sim"


@pytest.fixture(params=[True, False], ids=["the API", "the Codex backend"])
def vendor(request: pytest.FixtureRequest) -> Iterator[ResponsesVendor]:
    one = ResponsesVendor(genuine=request.param, keys=(KEY,), models=(MODEL,))
    with running(one):
        yield one


@pytest.fixture
def proxy(vendor: ResponsesVendor) -> Iterator[Proxy]:
    with Proxy(config(codex_api_key=[claude_key(vendor.base_url, KEY, {"asked": MODEL})])) as it:
        yield it


def test_claude_code_reads_and_writes_files(proxy: Proxy, vendor: ResponsesVendor, tmp_path: Path) -> None:
    (tmp_path / "read.txt").write_text("it stood in the file")
    written = tmp_path / "greeting.txt"
    call = json.dumps({"file_path": str(tmp_path / "read.txt")})
    finished = claude_code.run(
        f"CALL Read {call}\nWRITE {written} hello-from-the-model",
        way=claude_code.by_base_url(proxy.url),
        key=CLIENT_KEY,
        model="asked",
        home=tmp_path,
    )
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert written.read_text().strip() == "hello-from-the-model"
    assert b"it stood in the file" in vendor.asked[-1].body


def test_gemini_cli_reads_and_writes_files(proxy: Proxy, vendor: ResponsesVendor, tmp_path: Path) -> None:
    (tmp_path / "read.txt").write_text("it stood in the file")
    written = tmp_path / "greeting.txt"
    call = json.dumps({"file_path": str(tmp_path / "read.txt")})
    way = gemini_cli.by_base_url(proxy.url, CLIENT_KEY)
    prompt = f"CALL read_file {call}\nWRITE {written} hello-from-the-model"
    finished = gemini_cli.run(prompt, way=way, model="asked", home=tmp_path)
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert written.read_text().strip() == "hello-from-the-model"
    assert b"it stood in the file" in vendor.asked[-1].body
