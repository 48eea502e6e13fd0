"""What a client's dialect can't hold of a reply, kept for the next turns of its conversation and put back there.

A vendor signs what its model thought before a call, and wants it back with the call's result; Gemini refuses the turn
without it, Claude the whole tool loop. A client of another dialect has no place for it. A call's id is unique, so it
tells the turn: thoughts are kept by the calls that they led to. What is put back goes to its signer only.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from translators.conversation import Conversation, Message, Part, Reply, Role, Thinking, ToolCall
from translators.dialect import Context, Dialect

MAX_BYTES: Final = 32 << 20
ENTRY_BYTES: Final = 200
"""About what an entry costs beside its texts."""

type _Key = tuple[str, str]
"""Whose key the client came with, and the call's id as the client knows it."""


class _Led(Struct, frozen=True, gc=False):
    """The thoughts that led to a call: those that stand before the turn's words, and those right before the call."""

    first: tuple[Thinking, ...]
    close: tuple[Thinking, ...]

    @property
    def size(self) -> int:
        """About as many bytes as it holds."""
        thoughts = (*self.first, *self.close)
        return ENTRY_BYTES + sum(len(thought.text) + len(thought.signature or "") for thought in thoughts)


class Continuity:
    """The thoughts of the latest turns, at most `max_bytes` of them; the oldest are forgotten first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._led: OrderedDict[_Key, _Led] = OrderedDict()

    def keep(self, client_name: str, client: Dialect, context: Context, reply: Reply) -> None:
        """Takes what a reply to this client says that the client can't."""
        first: list[Thinking] = []
        close: list[Thinking] = []
        calls = 0
        for part in reply.parts:
            if isinstance(part, Thinking):
                if part.signature and part.signer != client.name:
                    close.append(part)
            elif isinstance(part, ToolCall):
                calls += 1
                if first or close:
                    call_id = client.call_id(part.id, context, calls)
                    self._take((client_name, call_id), _Led(tuple(first), tuple(close)))
                first, close = [], []
            else:
                first, close = first + close, []

    def put_back(self, client_name: str, conversation: Conversation, signer: str) -> Conversation:
        """The conversation with the thoughts that an upstream of this dialect has signed; itself where there are
        none."""
        if not self._led:
            return conversation
        messages = tuple(self._message(client_name, message, signer) for message in conversation.messages)
        if all(new is old for new, old in zip(messages, conversation.messages, strict=True)):
            return conversation
        return msgspec.structs.replace(conversation, messages=messages)

    def _take(self, key: _Key, led: _Led) -> None:
        self._forget(key)
        if led.size > self._max_bytes:
            return
        self._led[key] = led
        self._bytes += led.size
        while self._bytes > self._max_bytes:
            self._forget(next(iter(self._led)))

    def _forget(self, key: _Key) -> None:
        led = self._led.pop(key, None)
        if led is not None:
            self._bytes -= led.size

    def _message(self, client_name: str, message: Message, signer: str) -> Message:
        if message.role is not Role.ASSISTANT:
            return message
        first: list[Part] = []
        rest: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                led = self._led_to((client_name, part.id), signer)
                if led is not None:
                    first += led.first
                    rest += led.close
            rest.append(part)
        if len(first) + len(rest) == len(message.parts):
            return message
        return msgspec.structs.replace(message, parts=(*first, *_unsigned_left_out(rest)))

    def _led_to(self, key: _Key, signer: str) -> _Led | None:
        led = self._led.get(key)
        if led is None or any(thought.signer != signer for thought in (*led.first, *led.close)):
            return None
        self._led.move_to_end(key)
        return led


def _unsigned_left_out(parts: Iterable[Part]) -> list[Part]:
    """The client's own copies of the thoughts go: the signed ones say the same."""
    return [part for part in parts if not isinstance(part, Thinking) or part.signature]
