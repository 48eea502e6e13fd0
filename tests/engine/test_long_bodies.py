"""A request that is too long to hold, and that nobody refuses, goes nowhere."""

import pytest

from addons.decompress import MAX_BODY_BYTES
from tests.engine.peers import client, post, streams, upstream
from tests.engine.stage import played, proxy

pytestmark = pytest.mark.usefixtures("any_loop")


@played
async def test_a_request_whose_body_was_not_kept_goes_nowhere() -> None:
    async with proxy() as stage, upstream(streams(b"never")) as up, client(stage.port) as talk:
        conductor = stage.conduct(up.request())
        await talk.send(post(body=bytes(MAX_BODY_BYTES + 1)))
        assert (await talk.read_head()).status == 413
        assert conductor.ends == [(None, 0)]
        assert up.connections == 0


@played
async def test_elsewhere_bodies_are_as_long_as_they_are() -> None:
    async with proxy(mode="regular@127.0.0.1:0") as stage, upstream(streams(b"all")) as up, client(stage.port) as talk:
        body = bytes(MAX_BODY_BYTES + 1)
        await talk.send(post(f"http://127.0.0.1:{up.port}/", body))
        assert (await talk.read()).body == b"all"
        assert len(up.requests[0].body) == len(body)
