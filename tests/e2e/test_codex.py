"""The real Codex works with the keys of a pool."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import codex
from tests.support.config import CLIENT_KEY, config
from tests.support.proxy import Proxy
from tests.vendors import behaviour as acts
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running

pytestmark = pytest.mark.cli

KEYS = ("test-key-1", "test-key-2")


def described(vendor: ResponsesVendor, model: str) -> dict[str, Any]:
    entry = {"base-url": vendor.base_url, "models": [{"name": "gpt-5-sim", "alias": model}]}
    return config(codex_api_key=[{"api-key": key, **entry} for key in KEYS], routing={"strategy": "fill-first"})


@pytest.mark.parametrize("model", ["gpt-5.1-codex", "gpt-of-our-own"])
def test_it_reads_a_file_while_the_first_plan_is_used_up(tmp_path: Path, model: str) -> None:
    (tmp_path / "note.txt").write_text("what stands in the note")
    vendor = ResponsesVendor(keys=KEYS, models=("gpt-5-sim",))
    vendor.for_key(KEYS[0]).always(acts.refused(429, "The usage limit has been reached", code="usage_limit_reached"))
    with running(vendor), Proxy(described(vendor, model)) as proxy:
        finished = codex.run(
            'CALL exec_command {"cmd": "cat note.txt"}', gateway=proxy.url, key=CLIENT_KEY, model=model, home=tmp_path
        )
    assert (finished.exit_code, finished.said) == (0, "done"), finished
    assert set(vendor.keys_seen) == set(KEYS)
    asked = [request for request in vendor.asked if request.credential == KEYS[1]]
    last = asked[-1].json
    [answer] = [item for item in last["input"] if item.get("type") == "function_call_output"]
    assert "what stands in the note" in str(answer["output"])
    assert asked[-1].headers["originator"] == "codex_exec"
    assert last["prompt_cache_key"]
