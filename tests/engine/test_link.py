"""What is said where no connection comes about: whoever is at fault is named."""

import pytest

from addons.exchange import Egress
from tests.engine.peers import ask, streams, upstream
from tests.engine.stage import played, proxy
from tests.support.ports import free_port


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@played
async def test_a_proxy_that_is_not_there_is_named_beside_the_upstream(scheme: str) -> None:
    gone = Egress(scheme, "127.0.0.1", free_port(), "user", "test-password")
    async with proxy() as stage, upstream(streams(b"x")) as up:
        conductor = stage.conduct(up.request(egress=gone), up.request())
        assert (await ask(stage.port)).body == b"x"
    note = conductor.attempts[0].note
    assert f"no connection to 127.0.0.1:{up.port} through the proxy 127.0.0.1:{gone.port}:" in note
    assert "user" not in note
    assert "password" not in note
