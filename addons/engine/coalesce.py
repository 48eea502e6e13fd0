"""Bytes that one event sends to one peer leave in one write."""

from collections.abc import Iterable, Iterator
from typing import Final

from mitmproxy.proxy.commands import Command, Log, SendData

LARGE: Final = 64 << 10


def merged(commands: Iterable[Command]) -> Iterator[Command]:
    """The same commands, with neighbouring sends joined. Large bodies go out as they are: joining would copy them."""
    held: list[SendData] = []
    try:
        for command in commands:
            if type(command) is SendData:
                if held and (held[0].connection is not command.connection or len(command.data) > LARGE):
                    yield _joined(held)
                    held = []
                held.append(command)
                continue
            if held and not isinstance(command, Log):
                yield _joined(held)
                held = []
            yield command
    except Exception:
        if held:
            yield _joined(held)
        raise
    if held:
        yield _joined(held)


def _joined(sends: list[SendData]) -> SendData:
    if len(sends) == 1:
        return sends[0]
    return SendData(sends[0].connection, b"".join([send.data for send in sends]))
