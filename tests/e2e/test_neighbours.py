"""Addons that a user loads beside ours go on working; and the command line may be as short as it gets."""

import textwrap
from pathlib import Path

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.proxy import Proxy
from tests.support.talkers import AnthropicTalker
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

NEIGHBOUR = """
import logging
from mitmproxy import ctx

class Late:
    def response(self, flow):
        logging.info("late heard response %s", flow.request.path)

class Neighbour:
    def running(self):
        ctx.master.addons.add(Late())

    def request(self, flow):
        logging.info("neighbour heard request %s", flow.request.path)

    def responseheaders(self, flow):
        logging.info("neighbour heard responseheaders %s", flow.request.path)

    async def response(self, flow):
        logging.info("neighbour heard response %s %s", flow.request.path, flow.response.status_code)

addons = [Neighbour()]
"""


def test_an_addon_beside_ours_gets_its_hooks_and_so_does_one_that_it_adds_later(tmp_path: Path) -> None:
    script = tmp_path / "neighbour.py"
    script.write_text(textwrap.dedent(NEIGHBOUR))
    vendor = AnthropicVendor()
    with running(vendor):
        described = config(
            claude=[claude_key(vendor.base_url, key, {"claude-asked": "m"}) for key in ("test-key-1", "test-key-2")],
            routing={"strategy": "fill-first"},
        )
        with Proxy(described, scripts=[script]) as proxy:
            vendor.for_key("test-key-1").then(acts.refused(529))
            for stream in (True, False):
                talker = AnthropicTalker(proxy.url, CLIENT_KEY, "claude-asked", stream=stream)
                assert talker.say("hello").text == "echo: hello"
            for hook in ("neighbour heard request", "neighbour heard responseheaders", "neighbour heard response"):
                proxy.wait_for(rf"(?s){hook} /v1/messages.*{hook} /v1/messages")
            proxy.wait_for(r"(?s)late heard response /v1/messages.*late heard response /v1/messages")
            assert "neighbour heard response /v1/messages 200" in proxy.log
