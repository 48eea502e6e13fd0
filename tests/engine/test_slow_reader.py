"""A client that does not read its reply: others do not notice, and its upstream is not read ahead of it."""

import pytest

from tests.engine.peers import END, HEAD, Message, Talk, Upstream, ask, chunk, client, post, streams, upstream
from tests.engine.stage import played, proxy

pytestmark = pytest.mark.usefixtures("any_loop")

PIECE = b"x" * (256 << 10)
PIECES = 256
MOST_HELD = 128
"""Pieces (32 MB) that the sockets on both sides may hold between them; in truth it is far less."""


@played
async def test_a_client_that_does_not_read_stalls_nobody_else() -> None:
    sent = 0

    async def floods(_: Upstream, talk: Talk, __: Message) -> None:
        nonlocal sent
        await talk.send(HEAD)
        for _number in range(PIECES):
            await talk.send(chunk(PIECE))
            sent += 1
        await talk.send(END)

    async with (
        proxy() as stage,
        upstream(floods) as flood,
        upstream(streams(b"quick")) as up,
        client(stage.port) as slow,
    ):
        conductor = stage.conduct(flood.request(), name="slow")
        await slow.send(post("/slow"))
        for number in range(100):
            stage.conduct(up.request(), name=f"n{number}")
            assert (await ask(stage.port, f"/n{number}")).body == b"quick"
        assert conductor.ends == []
        assert sent < MOST_HELD
        await slow.read_head()
        read = 0
        while data := await slow.read_chunk():
            read += len(data)
        assert read == PIECES * len(PIECE)
        assert sent == PIECES
