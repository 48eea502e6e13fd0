"""The parts of a reply's chunks as events."""

from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from translators.dialects.gemini.arguments import Arguments
from translators.dialects.gemini.wire import FunctionCall, Part
from translators.dialects.gemini.words import NAME
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart


def arguments_of(raw: Raw) -> str:
    """A call's arguments as text, without the white space of a whole reply; "" where there are none."""
    value = bytes(raw)
    return "" if value in (b"", b"null") else msgspec.json.format(value, indent=-1).decode()


class _Open(Struct, eq=False):
    """The part that is being said. `arguments`: of a call whose arguments come in pieces."""

    part: int
    kind: PartKind
    arguments: Arguments | None = None


class PartReader:
    """Text and thoughts come in increments, calls mostly whole.

    A signature proves the thinking that led to the part beside which it stands. So it ends the thinking before that
    part, and where none was shown it is a thinking part without text. Parts of the vendor's own tools, pictures and
    files are skipped.
    """

    def __init__(self) -> None:
        self._open: _Open | None = None
        self._parts = 0
        self.calls = 0

    def take(self, parts: Iterable[Part], events: list[Event]) -> None:
        """The next increments. Raises arguments.BadPath, and RecursionError."""
        for part in parts:
            if part.thought and part.text is not None:
                self._say(PartKind.THINKING, part.text, events)
            if part.thought_signature and part.is_known:
                self._sign(part.thought_signature, events)
            if part.function_call is not None:
                self._call(part.function_call, events)
            elif part.text and not part.thought:
                self._say(PartKind.TEXT, part.text, events)

    def refuse(self, words: str, events: list[Event]) -> None:
        """The vendor's explanation of why there is no (more) reply."""
        self._say(PartKind.REFUSAL, words, events)

    def close(self, events: list[Event]) -> None:
        """Ends the part that is open."""
        if self._open is not None:
            self._end(self._open, None, events)

    def _say(self, kind: PartKind, text: str, events: list[Event]) -> None:
        if not text:
            return
        is_open = self._open if self._open is not None and self._open.kind is kind else self._start(kind, events)
        events.append(PartDelta(is_open.part, text))

    def _sign(self, signature: str, events: list[Event]) -> None:
        is_open = self._open
        if is_open is None or is_open.kind is not PartKind.THINKING:
            is_open = self._start(PartKind.THINKING, events)
        self._end(is_open, signature, events)

    def _call(self, call: FunctionCall, events: list[Event]) -> None:
        is_open = self._open
        if call.name:
            is_open = self._start(PartKind.TOOL_CALL, events, call.id or "", call.name)
            self.calls += 1
        if is_open is None or is_open.kind is not PartKind.TOOL_CALL:
            return  # The end of a call that has ended already.
        if call.partial_args:
            is_open.arguments = is_open.arguments or Arguments()
            for piece in call.partial_args:
                is_open.arguments.take(piece)
        arguments = arguments_of(call.args)
        if arguments:
            events.append(PartDelta(is_open.part, arguments))
            is_open.arguments = None
        if not call.will_continue:
            self._end(is_open, None, events)

    def _start(self, kind: PartKind, events: list[Event], call_id: str = "", name: str = "") -> _Open:
        self.close(events)
        self._open = _Open(self._parts, kind)
        self._parts += 1
        events.append(PartStart(self._open.part, kind, call_id, name))
        return self._open

    def _end(self, part: _Open, signature: str | None, events: list[Event]) -> None:
        if part.arguments is not None:
            events.append(PartDelta(part.part, part.arguments.text()))
        events.append(PartEnd(part.part, signature, NAME if signature else None))
        self._open = None
