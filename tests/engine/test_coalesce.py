"""Writes of one event are joined, and nothing is reordered, lost or sent elsewhere."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.connection import Server
from mitmproxy.proxy.commands import CloseConnection, Command, Log, SendData

from addons.engine.coalesce import LARGE, merged

ONE, TWO = Server(address=("one", 1)), Server(address=("two", 2))


def told(commands: list[Command]) -> list[tuple[object, bytes]]:
    """What each peer gets, write by write; a close is None."""
    return [
        (command.connection, command.data if isinstance(command, SendData) else b"closed")
        for command in commands
        if isinstance(command, SendData | CloseConnection)
    ]


def test_neighbouring_sends_to_one_peer_leave_together() -> None:
    sends = [SendData(ONE, b"a"), Log("x"), SendData(ONE, b"b"), SendData(TWO, b"c"), SendData(ONE, b"d")]
    assert told(list(merged(sends))) == [(ONE, b"ab"), (TWO, b"c"), (ONE, b"d")]


def test_a_close_comes_behind_what_was_sent_before_it() -> None:
    assert told(list(merged([SendData(ONE, b"a"), CloseConnection(ONE)]))) == [(ONE, b"a"), (ONE, b"closed")]


def test_a_large_body_is_not_copied() -> None:
    body = b"x" * (LARGE + 1)
    sends = list(merged([SendData(ONE, b"head"), SendData(ONE, body)]))
    assert told(sends) == [(ONE, b"head"), (ONE, body)]
    assert isinstance(sends[1], SendData)
    assert sends[1].data is body


def test_what_was_sent_before_an_exception_is_sent() -> None:
    def breaks() -> Iterator[Command]:
        yield SendData(ONE, b"a")
        raise ValueError

    sent: list[Command] = []
    with pytest.raises(ValueError):  # noqa: PT011, PT012
        for command in merged(breaks()):
            sent.append(command)  # noqa: PERF402
    assert told(sent) == [(ONE, b"a")]


@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), st.one_of(st.none(), st.binary(max_size=3)))))
def test_each_peer_gets_its_bytes_in_order(plan: list[tuple[Server, bytes | None]]) -> None:
    commands: list[Command] = [CloseConnection(to) if data is None else SendData(to, data) for to, data in plan]
    joined = told(list(merged(commands)))
    for peer in (ONE, TWO):
        assert b"".join(data for to, data in joined if to == peer) == b"".join(
            data for to, data in told(commands) if to == peer
        )
