"""The real clients, run by scripts/with and told of nothing."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import claude_code, codex, gemini_cli
from tests.support.config import claude_key, config
from tests.support.proxied import proxied
from tests.support.with_program import environ, place_of
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running

pytestmark = pytest.mark.cli

POOL_KEY: Final = "test-key-1"
WORD: Final = "hello-from-the-model"


def entry(base_url: str, model: str) -> Mapping[str, Any]:
    return {"api-key": POOL_KEY, "base-url": base_url, "models": [{"name": model, "alias": "asked"}]}


def test_claude_code(tmp_path: Path) -> None:
    vendor = AnthropicVendor(keys=(POOL_KEY,), models=("claude-sim",))
    written = tmp_path / "greeting.txt"
    with (
        running(vendor),
        proxied(config(claude=[claude_key(vendor.base_url, POOL_KEY, {"asked": "claude-sim"})]), {}) as it,
    ):
        done = place_of(it).run(
            *(str(claude_code.binary()), "-p", f"WRITE {written} {WORD}", "--model", "asked"),
            *("--output-format", "json", "--dangerously-skip-permissions"),
            env=environ(HOME=str(tmp_path), **claude_code.QUIET),
        )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert json.loads(done.stdout)["result"] == "done"
    assert written.read_text().strip() == WORD
    assert set(vendor.keys_seen) == {POOL_KEY}


def test_codex(tmp_path: Path) -> None:
    vendor = ResponsesVendor(keys=(POOL_KEY,), models=("gpt-5-sim",))
    written = tmp_path / "greeting.txt"
    settings = tmp_path / ".codex" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(codex.QUIET)
    prompt = f"CALL exec_command {json.dumps({'cmd': f'printf %s {WORD} > {written}'})}"
    with running(vendor), proxied(config(codex_api_key=[entry(vendor.base_url, "gpt-5-sim")]), {}) as it:
        done = place_of(it).run(
            *(str(codex.binary()), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
            *("--model", "asked", prompt),
            env=environ(HOME=str(tmp_path), CODEX_API_KEY="sk-own-0123456789"),
        )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
    assert written.read_text() == WORD
    assert set(vendor.keys_seen) == {POOL_KEY}


def test_gemini_cli_with_the_variables_that_are_printed(tmp_path: Path) -> None:
    vendor = GeminiVendor(keys=(POOL_KEY,), models=("gemini-2.5-pro",))
    written = tmp_path / "greeting.txt"
    with running(vendor), proxied(config(gemini_api_key=[entry(vendor.base_url, "gemini-2.5-pro")]), {}) as it:
        printed = shlex.split(place_of(it).run("--print").stdout)
        way = dict(word.split("=", 1) for word in printed if word != "export")
        login = gemini_cli.with_key("own-key-0123456789")
        finished = gemini_cli.run(f"WRITE {written} {WORD}", way={**way, **login}, model="asked", home=tmp_path)
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert written.read_text().strip() == WORD
    assert set(vendor.keys_seen) == {POOL_KEY}
