"""The tool calls of a streamed reply, put together from pieces.

Vendors leave out the index, repeat id and name on each piece, send them late or empty, count from 1, send all
arguments at once, and mix the pieces of several calls.
"""

import hashlib
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.openai_chat.wire_reply import CallPiece, CustomPiece
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart
from translators.freeform import WRAP, escaped

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])


class _Call(Struct):
    """`part` is -1 until it has started: a call starts with its name, what comes before is kept in `early`.

    `id` is the vendor's, "" for none. `complete`: its first arguments were a whole object, so that none can follow.
    """

    id: str
    early: list[str]
    name: str = ""
    part: int = -1
    complete: bool = False


class Calls:
    """take(piece): the events that it makes. end(): those that end the calls; one that never got a name is dropped.

    `seed` is what ids are made from where the vendor gives none.
    """

    def __init__(self) -> None:
        self.seed = ""
        self.parts: list[int] = []
        self._custom: list[int] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._last: _Call | None = None

    def take(self, piece: CallPiece, next_part: int) -> list[Event]:
        """`next_part` is the number of the part, should this piece start one."""
        function, custom = piece.function, piece.custom
        if custom is not None:
            return self._take_custom(piece, custom, next_part)
        name = (function.name or "") if function is not None else ""
        arguments = (function.arguments or "") if function is not None else ""
        call = self._find(piece.index, piece.id or "", name)
        if call.part >= 0:
            return [PartDelta(call.part, arguments)] if arguments else []
        if arguments:
            call.early.append(arguments)
        if not name:
            return []
        call.name = name
        call.complete = not call.id and _is_object("".join(call.early))
        return self._start(call, next_part)

    def _take_custom(self, piece: CallPiece, custom: CustomPiece, next_part: int) -> list[Event]:
        """A call of a free-form tool: its text becomes the one field of its arguments."""
        text = escaped(custom.input or "")
        call = self._find(piece.index, piece.id or "", custom.name or "")
        if call.part >= 0:
            return [PartDelta(call.part, text)] if text else []
        call.early.append(text)
        if not custom.name:
            return []
        call.name = custom.name
        call.early.insert(0, WRAP[0])
        events = self._start(call, next_part)
        self._custom.append(call.part)
        return events

    def end(self) -> list[Event]:
        """The ends of all calls, in the order in which they started."""
        closings: list[Event] = [PartDelta(part, WRAP[1]) for part in self._custom]
        return closings + [PartEnd(part) for part in self.parts]

    def _find(self, index: int | None, call_id: str, name: str) -> _Call:
        """The call that a piece belongs to, or a new one."""
        if index is not None:
            known = self._by_index.get(index)
            if known is not None and call_id and name and known.id not in ("", call_id):
                known = None  # Another call at the same index: Gemini's compatible API numbers them all 0.
        elif call_id:
            known = self._by_id.get(call_id)
        else:
            known = self._last
            if known is not None and name and known.name not in ("", name):
                known = None
        if known is not None and known.complete and name and not call_id:
            known = None  # Another call, whole too, of a vendor that gives no ids.
        if known is None:
            known = _Call(call_id, [])
            if index is not None:
                self._by_index[index] = known
        if call_id and not known.id:
            known.id = call_id
        if call_id:
            self._by_id[call_id] = known
        self._last = known
        return known

    def _start(self, call: _Call, part: int) -> list[Event]:
        call.part = part
        self.parts.append(part)
        call_id = call.id
        if not call_id:
            made_of = f"{self.seed} {len(self.parts)} {call.name}"
            call_id = f"call_{hashlib.sha256(made_of.encode('utf-8', 'replace')).hexdigest()[:24]}"
        start = PartStart(part, PartKind.TOOL_CALL, id=call_id, name=call.name)
        return [start, PartDelta(part, "".join(call.early))] if call.early else [start]


def _is_object(text: str) -> bool:
    try:
        _OBJECT.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True
