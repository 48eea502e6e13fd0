"""The items of a reply as they are said: each from its first frame to its last."""

from collections.abc import Iterable
from typing import Any, Final, override

from msgspec import Struct

from translators.dialects.openai_responses.annotations import annotation_of, logprobs_of
from translators.freeform import Unwrapper
from translators.jsonio import ENCODER
from translators.notes import Citation, TokenNote

type Fields = dict[str, Any]

COMPLETED: Final = "completed"
INCOMPLETE: Final = "incomplete"
_encode: Final = ENCODER.encode


class Frames:
    """Frames of one stream, numbered."""

    def __init__(self) -> None:
        self.number = 0

    def frame(self, kind: str, fields: Fields) -> bytes:
        """One of `response.<kind>`."""
        data = _encode({"type": f"response.{kind}", "sequence_number": self.number, **fields})
        self.number += 1
        return b"event: response.%b\ndata: %b\n\n" % (kind.encode(), data)


class Deltas:
    """The deltas of one text: what they share is made once. `text`: their sum so far, `size` characters."""

    def __init__(self, frames: Frames, kind: str, where: Fields, more: bytes = b"") -> None:
        self._frames = frames
        self._head = b'event: response.%b.delta\ndata: {"type":"response.%b.delta","sequence_number":' % (
            (kind.encode(),) * 2
        )
        self._middle = b"," + _encode(where)[1:-1] + more + b',"delta":'
        self._pieces: list[str] = []
        self.size = 0

    def feed(self, piece: str) -> bytes:
        """The frame of a piece."""
        frames = self._frames
        number = frames.number
        frames.number = number + 1
        self._pieces.append(piece)
        self.size += len(piece)
        return b"".join((self._head, _encode(number), self._middle, _encode(piece), b"}\n\n"))

    def feed_all(self, pieces: list[str]) -> bytes:
        """The frames of many. Their numbers are put in when all else is written."""
        frames = self._frames
        first = frames.number
        frames.number = first + len(pieces)
        self._pieces += pieces
        self.size += sum(map(len, pieces))
        before, behind = self._head + b"%d" + self._middle.replace(b"%", b"%%"), b"}\n\n"
        lines = ENCODER.encode_lines(pieces)[:-1].replace(b"%", b"%%")
        return (before + lines.replace(b"\n", behind + before) + behind) % tuple(range(first, frames.number))

    @property
    def text(self) -> str:
        return "".join(self._pieces)


class Place(Struct, frozen=True):
    """Which item of the output."""

    id: str
    index: int

    @property
    def fields(self) -> Fields:
        """As events name it."""
        return {"item_id": self.id, "output_index": self.index}


class OpenItem:
    """start(): the first frames. feed(text): those of a piece. close(status): the last ones.

    `item`: what stands in the output, once it is closed. `deltas`: where pieces go that are said as they are.
    """

    def __init__(self, frames: Frames, place: Place) -> None:
        self.deltas: Deltas | None = None
        self.frames = frames
        self.place = place
        self.item: Fields = {}

    def start(self) -> bytes:
        """The first frames."""
        raise NotImplementedError

    def feed(self, text: str) -> bytes:
        """Frames of a piece."""
        raise NotImplementedError

    def close(self, status: str) -> bytes:
        """The last frames."""
        raise NotImplementedError

    def begin(self, item: Fields) -> bytes:
        """The first frame."""
        fields = {"output_index": self.place.index, "item": item}
        return self.frames.frame("output_item.added", fields)

    def finish(self, item: Fields) -> bytes:
        """The very last frame."""
        self.item = item
        return self.frames.frame("output_item.done", {"output_index": self.place.index, "item": item})

    def say(self, kind: str, **fields: Any) -> bytes:
        """A frame about this item."""
        return self.frames.frame(kind, {**self.place.fields, **fields})


class MessageItem(OpenItem):
    """Words: texts and refusals. Texts that follow each other are one content, as they are to who reads them."""

    def __init__(self, frames: Frames, place: Place) -> None:
        super().__init__(frames, place)
        self._content: list[Fields] = []
        self._refusal = False
        self._annotations: list[Fields] = []
        self._tokens: list[Fields] = []
        self._part_start = 0

    @override
    def start(self) -> bytes:
        """Its first frame."""
        return self.begin(self._as_item("in_progress", []))

    def part(self, *, refusal: bool) -> bytes:
        """A part begins: it goes on with the content where that is of its kind."""
        before = b""
        if self.deltas is None or self._refusal != refusal:
            before = self._end_content()
            self._refusal = refusal
            where = {**self.place.fields, "content_index": len(self._content)}
            kind, more = ("refusal", b"") if refusal else ("output_text", b',"logprobs":[]')
            self.deltas = Deltas(self.frames, kind, where, more)
            before += self.frames.frame("content_part.added", {**where, "part": self._as_content("")})
        self._part_start = self.deltas.size
        return before

    @override
    def feed(self, text: str) -> bytes:
        """Of the part that began last."""
        assert self.deltas is not None
        return self.deltas.feed(text)

    def tokens(self, notes: Iterable[TokenNote]) -> bytes:
        """How likely the last tokens were: a piece without words tells of them."""
        assert self.deltas is not None
        said = logprobs_of(notes)
        self._tokens += said
        where = {"content_index": len(self._content), "delta": "", "logprobs": said}
        return self.say("output_text.delta", **where)

    def cite(self, citations: Iterable[Citation]) -> bytes:
        """Where the words of the part came from. It is at its end."""
        assert self.deltas is not None
        out = b""
        end = self.deltas.size
        for citation in citations:
            annotation = annotation_of(citation, self._part_start, end)
            if annotation is not None:
                number = {"content_index": len(self._content), "annotation_index": len(self._annotations)}
                self._annotations.append(annotation)
                out += self.say("output_text.annotation.added", **number, annotation=annotation)
        return out

    @override
    def close(self, status: str) -> bytes:
        """The end of its contents, and its own."""
        return self._end_content() + self.finish(self._as_item(status, self._content))

    def _end_content(self) -> bytes:
        if self.deltas is None:
            return b""
        text, self.deltas = self.deltas.text, None
        where = {**self.place.fields, "content_index": len(self._content)}
        content = self._as_content(text)
        self._content.append(content)
        kind, more = ("refusal", {}) if self._refusal else ("output_text", {"logprobs": self._tokens})
        field = "refusal" if self._refusal else "text"
        self._annotations, self._tokens = [], []
        return self.frames.frame(f"{kind}.done", {**where, **more, field: text}) + self.frames.frame(
            "content_part.done", {**where, "part": content}
        )

    def _as_content(self, text: str) -> Fields:
        if self._refusal:
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": self._annotations, "logprobs": self._tokens}

    def _as_item(self, status: str, content: list[Fields]) -> Fields:
        return {"type": "message", "id": self.place.id, "role": "assistant", "status": status, "content": content}


class ReasoningItem(OpenItem):
    """What was thought, as a summary of one piece. `sealed`: what OpenAI itself wants back."""

    def __init__(self, frames: Frames, place: Place) -> None:
        super().__init__(frames, place)
        self.sealed: str | None = None

    @override
    def start(self) -> bytes:
        """Its first frame."""
        return self.begin({"type": "reasoning", "id": self.place.id, "summary": []})

    @override
    def feed(self, text: str) -> bytes:
        """The piece of the summary begins with its first words."""
        if self.deltas is not None:
            return self.deltas.feed(text)
        self.deltas = Deltas(self.frames, "reasoning_summary_text", {**self.place.fields, "summary_index": 0})
        part = {"type": "summary_text", "text": ""}
        return self.say("reasoning_summary_part.added", summary_index=0, part=part) + self.deltas.feed(text)

    @override
    def close(self, status: str) -> bytes:
        """The end of the summary, and its own."""
        out = b""
        item: Fields = {"type": "reasoning", "id": self.place.id, "summary": []}
        if self.deltas is not None:
            text = self.deltas.text
            part = {"type": "summary_text", "text": text}
            item["summary"] = [part]
            out += self.say("reasoning_summary_text.done", summary_index=0, text=text)
            out += self.say("reasoning_summary_part.done", summary_index=0, part=part)
        if self.sealed is not None:
            item["encrypted_content"] = self.sealed
        return out + self.finish(item)


class CallItem(OpenItem):
    """A call of a function. `known`: its call id, its name, and its namespace where it has one."""

    def __init__(self, frames: Frames, place: Place, known: Fields) -> None:
        super().__init__(frames, place)
        self._known = known
        self.deltas = self._deltas = Deltas(frames, "function_call_arguments", place.fields)

    @override
    def start(self) -> bytes:
        """Its first frame."""
        return self.begin(self._as_item("in_progress", ""))

    @override
    def feed(self, text: str) -> bytes:
        """A piece of its arguments."""
        return self._deltas.feed(text) if text else b""

    @override
    def close(self, status: str) -> bytes:
        """A call without arguments has an object all the same: clients parse what they get."""
        out = b"" if self._deltas.text else self._deltas.feed("{}")
        arguments = self._deltas.text
        out += self.say("function_call_arguments.done", arguments=arguments, name=self._known["name"])
        return out + self.finish(self._as_item(status, arguments))

    def _as_item(self, status: str, arguments: str) -> Fields:
        head = {"type": "function_call", "id": self.place.id, "status": status, "arguments": arguments}
        return {**head, **self._known}


class CustomCallItem(OpenItem):
    """A call of a free-form tool, whose arguments come as an object with the text in it."""

    def __init__(self, frames: Frames, place: Place, known: Fields) -> None:
        super().__init__(frames, place)
        self._known = known
        self._unwrapper = Unwrapper()
        self._deltas = Deltas(frames, "custom_tool_call_input", place.fields)

    @override
    def start(self) -> bytes:
        """Its first frame."""
        return self.begin(self._as_item("in_progress", ""))

    @override
    def feed(self, text: str) -> bytes:
        """A piece of the arguments."""
        return self._say(self._unwrapper.feed(text))

    @override
    def close(self, status: str) -> bytes:
        """The rest of the text, and the end."""
        out = self._say(self._unwrapper.close())
        text = self._deltas.text
        out += self.say("custom_tool_call_input.done", input=text)
        return out + self.finish(self._as_item(status, text))

    def _say(self, text: str) -> bytes:
        return self._deltas.feed(text) if text else b""

    def _as_item(self, status: str, text: str) -> Fields:
        return {"type": "custom_tool_call", "id": self.place.id, "status": status, "input": text, **self._known}
