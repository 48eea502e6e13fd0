"""What the items of a reply mean: one machine for streamed and whole replies."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.assemble import part_events
from translators.conversation import Hosted, HostedCall, Part
from translators.dialects.openai_responses import wire
from translators.dialects.openai_responses.annotations import notes_of
from translators.dialects.openai_responses.hosted import parts_of
from translators.dialects.openai_responses.words import NAME, PARAGRAPH
from translators.events import Event, PartDelta, PartEnd, PartKind, PartNote, PartStart
from translators.jsonio import quoted
from translators.notes import Note

_HEAD: Final = msgspec.json.Decoder(wire.Head)
_MESSAGE: Final = msgspec.json.Decoder(wire.Message, strict=False)
_REASONING: Final = msgspec.json.Decoder(wire.Reasoning, strict=False)
_FUNCTION: Final = msgspec.json.Decoder(wire.FunctionCall, strict=False)
_CUSTOM: Final = msgspec.json.Decoder(wire.CustomToolCall, strict=False)

type Place = tuple[str, int]
"""Which piece of an item: its kind, and its index among those."""

_CALL: Final[Place] = ("call", 0)
_THOUGHT: Final[Place] = ("thought", 0)


class _Part(Struct):
    """`noted`: the kinds of notes that it has. `whole`: all its words are there; what is said of them may follow."""

    number: int
    said: bool = False
    noted: frozenset[type[Note]] = frozenset()
    whole: bool = False
    ended: bool = False


class _Item(Struct):
    """An item by its place in the output. `custom`: its input is free text. `held`: arguments before a name."""

    kind: str
    parts: dict[Place, _Part]
    done: bool = False
    custom: bool = False
    held: list[str] = []
    thought: tuple[str, int] | None = None


class Items:
    """Takes what happens to the items of one reply, gives events into `events`.

    An item of an unknown kind is kept in mind and says nothing. Parts are numbered as they begin. A summary and
    thinking aloud are one part of an item, which gets its signature at the end. A custom tool's free text becomes the
    field `input` of an object.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self.refused = False
        self.searches = 0
        self._items: dict[int, _Item] = {}
        self._parts = 0
        self._last: _Part | None = None  # the text that grew last, where it stands in `_last_at`
        self._last_at: tuple[int | None, int | None] = (None, None)

    @property
    def seen(self) -> bool:
        """Whether there was any item."""
        return bool(self._items)

    # What happens

    def added(self, index: int | None, raw: Raw) -> None:
        """An item begins."""
        item = self._item(index, _kind(raw))
        if item.kind == "function_call":
            function = _FUNCTION.decode(raw)
            self._begin_call(item, function.call_id or function.id, function.name)
        elif item.kind == "custom_tool_call":
            custom = _CUSTOM.decode(raw)
            item.custom = True
            self._begin_call(item, custom.call_id or custom.id, custom.name)

    def goes_on(self, index: int | None, content: int | None, text: str) -> bool:
        """Takes more of the text that grew last, if it is that."""
        last = self._last
        if last is None or last.whole or not text or self._last_at != (index, content):
            return False
        self.events.append(PartDelta(last.number, text))
        return True

    def text(self, index: int | None, content: int | None, text: str) -> None:
        """A piece of a message's text."""
        if self.goes_on(index, content, text):
            return
        item, place = self._item(index, "message"), ("text", content or 0)
        self._text(item, place, PartKind.TEXT, text)
        self._last_at, self._last = (index, content), item.parts.get(place)

    def refusal(self, index: int | None, content: int | None, text: str) -> None:
        """A piece of a message's refusal."""
        self.refused = True
        self._text(self._item(index, "message"), ("refusal", content or 0), PartKind.REFUSAL, text)

    def thought(self, index: int | None, which: tuple[str, int], text: str) -> None:
        """A piece of what was thought. `which`: a summary or the thinking itself, and its number."""
        item = self._item(index, "reasoning")
        if item.thought is not None and item.thought != which:
            text = PARAGRAPH + text
        item.thought = which
        self._text(item, _THOUGHT, PartKind.THINKING, text)

    def notes(self, index: int | None, content: int | None, notes: Iterable[Note]) -> None:
        """Something about a message's text, which has begun."""
        part = self._item(index, "message").parts.get(("text", content or 0))
        if part is not None and not part.ended:
            self._note(part, notes)

    def arguments(self, index: int | None, text: str) -> None:
        """A piece of a call's arguments."""
        self._arguments(self._item(index, "function_call"), text)

    def ended(self, index: int | None, place: Place, kind: PartKind, text: str | None) -> None:
        """A piece of a message is complete. `text`: the whole of it. Its notes may stand in the item alone."""
        self._whole(self._item(index, "message"), place, kind, text or "")

    def done(self, index: int | None, raw: Raw) -> None:
        """An item is complete: what was never said of it is said now."""
        kind = _kind(raw)
        item = self._item(index, kind)
        if item.done:
            return
        item.done = True
        match kind:
            case "message":
                self._done_message(item, _MESSAGE.decode(raw))
            case "reasoning":
                self._done_reasoning(item, _REASONING.decode(raw))
            case "function_call":
                function = _FUNCTION.decode(raw)
                self._done_call(item, function.call_id or function.id, function.name, function.arguments)
            case "custom_tool_call":
                custom = _CUSTOM.decode(raw)
                item.custom = True
                self._done_call(item, custom.call_id or custom.id, custom.name, custom.input)
            case _:
                self._say_whole(parts_of(kind, raw))
        self._close(item)

    def finish(self, output: list[Raw] | None) -> None:
        """The reply is complete. `output`: its items as the last event has them, which may be none."""
        for index, raw in enumerate(output or ()):
            self.done(index, raw)
        self.close()

    def close(self) -> None:
        """The end of all parts."""
        for item in self._items.values():
            self._close(item)

    # How

    def _item(self, index: int | None, kind: str) -> _Item:
        """The item at that place, begun where it is new. Without a place: the last one, if it is of that kind."""
        if index is None:
            last = next(reversed(self._items), -1)
            known = self._items.get(last)
            index = last if known is not None and known.kind == kind and not known.done else last + 1
        item = self._items.get(index)
        if item is None:
            item = self._items[index] = _Item(kind, {}, held=[])
        return item

    def _text(self, item: _Item, place: Place, kind: PartKind, text: str) -> None:
        if not text or item.done:
            return
        part = item.parts.get(place)
        if part is None:
            part = self._begin(item, place, PartStart(self._parts, kind))
        if not part.whole:
            part.said = True
            self.events.append(PartDelta(part.number, text))

    def _note(self, part: _Part, notes: Iterable[Note]) -> None:
        told = list(notes)
        part.noted |= {type(note) for note in told}
        self.events += [PartNote(part.number, note) for note in told]

    def _whole(self, item: _Item, place: Place, kind: PartKind, text: str, notes: Iterable[Note] = ()) -> None:
        """All the words of a piece, said at once where none of it came before."""
        self.refused = self.refused or (kind is PartKind.REFUSAL and bool(text))
        part = item.parts.get(place)
        if text and part is None:
            part = self._begin(item, place, PartStart(self._parts, kind))
            self.events.append(PartDelta(part.number, text))
        if part is not None and not part.ended:
            part.whole = True
            self._note(part, [note for note in notes if type(note) not in part.noted])

    def _begin(self, item: _Item, place: Place, start: PartStart) -> _Part:
        for before, said in item.parts.items():
            if said.whole:
                self._end(item, before)
        self._parts += 1
        self.events.append(start)
        part = item.parts[place] = _Part(start.part)
        return part

    def _end(self, item: _Item, place: Place, signature: str | None = None) -> None:
        part = item.parts.get(place)
        if part is not None and not part.ended:
            part.whole = part.ended = True
            self.events.append(PartEnd(part.number, signature, NAME if signature else None))

    def _close(self, item: _Item) -> None:
        for place, part in item.parts.items():
            if place == _CALL and item.custom and not part.ended:
                self.events.append(PartDelta(part.number, '"}'))
            self._end(item, place)

    def _begin_call(self, item: _Item, call_id: str | None, name: str | None) -> None:
        """A call begins when its name is known."""
        if not name or _CALL in item.parts:
            return
        self.calls += 1
        part = self._begin(item, _CALL, PartStart(self._parts, PartKind.TOOL_CALL, id=call_id or "", name=name))
        if item.custom:
            self.events.append(PartDelta(part.number, '{"input":"'))
        for held in item.held:
            self._say_arguments(item, part, held)
        item.held.clear()

    def _arguments(self, item: _Item, text: str) -> None:
        if not text or item.done:
            return
        part = item.parts.get(_CALL)
        if part is None:
            item.held.append(text)
        else:
            self._say_arguments(item, part, text)

    def _say_arguments(self, item: _Item, part: _Part, text: str) -> None:
        part.said = True
        piece = quoted(text)[1:-1].decode() if item.custom else text
        self.events.append(PartDelta(part.number, piece))

    def _done_call(self, item: _Item, call_id: str | None, name: str | None, arguments: str | None) -> None:
        self._begin_call(item, call_id, name)
        part = item.parts.get(_CALL)
        if part is not None and not part.said and arguments:
            self._say_arguments(item, part, arguments)

    def _done_message(self, item: _Item, message: wire.Message) -> None:
        for index, content in enumerate(message.content or ()):
            for place, kind, text in _pieces(index, content):
                self._whole(item, place, kind, text, notes_of(content.annotations, content.logprobs))
                self._end(item, place)

    def _say_whole(self, parts: Iterable[Part]) -> None:
        """What a tool of the vendor's own did, and what it made: told when it is done."""
        for part in parts:
            self.searches += isinstance(part, HostedCall) and part.tool is Hosted.WEB_SEARCH
            self.events += part_events(self._parts, part)
            self._parts += 1

    def _done_reasoning(self, item: _Item, reasoning: wire.Reasoning) -> None:
        """Thinking without a word is a part all the same where it carries what its vendor wants back."""
        signature = reasoning.encrypted_content or None
        if _THOUGHT not in item.parts:
            said = [piece.text for piece in reasoning.summary or reasoning.content or () if piece.text]
            if said or signature:
                part = self._begin(item, _THOUGHT, PartStart(self._parts, PartKind.THINKING))
                if said:
                    self.events.append(PartDelta(part.number, PARAGRAPH.join(said)))
        self._end(item, _THOUGHT, signature)


def _pieces(index: int, content: wire.Content) -> Iterator[tuple[Place, PartKind, str]]:
    if content.refusal:
        yield ("refusal", index), PartKind.REFUSAL, content.refusal
    elif content.text:
        yield ("text", index), PartKind.TEXT, content.text


def _kind(raw: Raw) -> str:
    return _HEAD.decode(raw).type or ""
