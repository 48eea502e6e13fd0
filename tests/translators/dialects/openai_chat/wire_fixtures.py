"""What the tests of this dialect share: the recorded replies, and decoding with a check of the order."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from translators.assemble import Assembler
from translators.conversation import Reply
from translators.dialects.openai_chat import DIALECT
from translators.events import Event, Order

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "wire" / "openai_chat"


def recorded(pattern: str) -> list[Any]:
    """The recorded files of a pattern as test parameters; where there are none, one that is skipped."""
    paths = [path for path in sorted(RECORDED.glob(pattern)) if pattern.count(".") == path.name.count(".")]
    if not paths:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no {pattern} in {RECORDED.name}"))]
    return [pytest.param(path, id=path.name) for path in paths]


def decode(*pieces: bytes) -> list[Event]:
    """The events of a body that arrives in these pieces, their order checked."""
    decoder = DIALECT.stream_decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.close()
    assert decoder.feed(b'data: {"choices":[{"delta":{"content":"more"}}]}\n\n') == []
    assert decoder.close() == []
    check_order(events)
    return events


def check_order(events: Iterable[Event]) -> None:
    order = Order()
    for event in events:
        order.take(event)


def whole(events: Iterable[Event]) -> Reply:
    """The sum of the events. Raises UpstreamError where they end in an error."""
    assembler = Assembler()
    for event in events:
        assembler.take(event)
    return assembler.reply()
