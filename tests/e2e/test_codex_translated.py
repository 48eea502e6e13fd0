"""The real Codex on models of other vendors: its tools, and its code mode with one free-form tool in a namespace."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import codex
from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.proxy import Proxy
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

pytestmark = pytest.mark.cli

KEY: Final = "test-key-1"
CODE_MODE: Final = "gpt-6.1-sol"
"""Codex goes by how a model's name begins."""


class House:
    """Claude, Gemini and a vendor of chat; each model has a plain name and one that switches on the code mode."""

    def __init__(self) -> None:
        self.vendors: dict[str, Vendor] = {
            "anthropic": AnthropicVendor(keys=(KEY,), models=("claude-sonnet-4-5",)),
            "openai_chat": OpenAIChatVendor(keys=(KEY,), models=("deepseek-chat",)),
            "gemini": GeminiVendor(keys=(KEY,), models=("gemini-2.5-pro",)),
        }

    def config(self) -> dict[str, Any]:
        names = {
            name: {f"{name}-asked": model, f"{CODE_MODE}-{name}": model}
            for name, vendor in self.vendors.items()
            for model in vendor.models or ()
        }
        url = {name: vendor.base_url for name, vendor in self.vendors.items()}
        return config(
            claude=[claude_key(url["anthropic"], KEY, names["anthropic"])],
            chat=[compatible("sim", url["openai_chat"], [KEY], names["openai_chat"])],
            gemini_api_key=[claude_key(url["gemini"], KEY, names["gemini"])],
        )


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[House, Proxy]]:
    house = House()
    with running(*house.vendors.values()), Proxy(house.config()) as proxy:
        yield house, proxy


@pytest.fixture
def place(started: tuple[House, Proxy]) -> Iterator[tuple[House, Proxy]]:
    for vendor in started[0].vendors.values():
        vendor.reset()
    yield started
    for vendor in started[0].vendors.values():
        assert vendor.failures == []


@pytest.mark.parametrize("upstream", ["anthropic", "openai_chat", "gemini"])
def test_codex_reads_and_writes_files(place: tuple[House, Proxy], upstream: str, tmp_path: Path) -> None:
    house, proxy = place
    (tmp_path / "read.txt").write_text("it stood in the file")
    calls = ("cat read.txt", "printf %s hello-from-the-model > greeting.txt")
    prompt = "\n".join(f"CALL exec_command {json.dumps({'cmd': cmd})}" for cmd in calls)
    finished = codex.run(prompt, base_url=f"{proxy.url}/v1", key=CLIENT_KEY, model=f"{upstream}-asked", home=tmp_path)
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert (tmp_path / "greeting.txt").read_text() == "hello-from-the-model"
    assert b"it stood in the file" in house.vendors[upstream].asked[-1].body


@pytest.mark.parametrize("upstream", ["anthropic", "openai_chat", "gemini"])
def test_codex_runs_code_in_its_code_mode(place: tuple[House, Proxy], upstream: str, tmp_path: Path) -> None:
    house, proxy = place
    (tmp_path / "read.txt").write_text("it stood in the file")
    code = 'const out = await tools.exec_command({cmd: "cat read.txt; printf %s \\"hi\\" > greeting.txt"}); text(out);'
    prompt = f"CALL functions__exec {json.dumps({'input': code})}"
    finished = codex.run(
        prompt, base_url=f"{proxy.url}/v1", key=CLIENT_KEY, model=f"{CODE_MODE}-{upstream}", home=tmp_path
    )
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert (tmp_path / "greeting.txt").read_text() == "hi"
    assert b"it stood in the file" in house.vendors[upstream].asked[-1].body
