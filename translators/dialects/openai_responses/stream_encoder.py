"""Neutral events -> Responses, streamed and whole."""

from collections.abc import Callable
from functools import partial
from typing import Final, override

from translators import dialect
from translators.assemble import events_of
from translators.conversation import Hosted, Reply
from translators.dialect import Context, call_id
from translators.dialects.openai_responses.errors import error_frame, failed_frames
from translators.dialects.openai_responses.open_hosted import PREFIXES, HostedItem, ImageItem
from translators.dialects.openai_responses.open_items import (
    COMPLETED,
    INCOMPLETE,
    CallItem,
    CustomCallItem,
    Fields,
    Frames,
    MessageItem,
    OpenItem,
    Place,
    ReasoningItem,
)
from translators.dialects.openai_responses.response import ID_PREFIX, Response, why_incomplete
from translators.dialects.openai_responses.words import NAME
from translators.errors import UpstreamError
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    error_of,
)
from translators.jsonio import ENCODER
from translators.modalities import unshown
from translators.names import client_name
from translators.notes import Citation, Note

ID_ROOM: Final = 40
"""Characters of the reply's id that stand in those of its items, which have 64."""


class StreamEncoder(dialect.StreamEncoder):
    """feed(event): its frames. One part at a time (see Serializer).

    An item ends when the next one begins, or the reply: then it is known whether it was cut off. Words, thoughts and
    pictures begin an item with their first piece, so that an empty one never shows. `response`: after the end, the
    whole reply.
    """

    def __init__(self, context: Context) -> None:
        self.response: Fields = {}
        self._context = context
        self._frames = Frames()
        self._reply: Response | None = None
        self._output: list[Fields] = []
        self._item: OpenItem | None = None
        self._asked = ""  # the id of the hosted call that may still get its result
        self._part = PartStart(0, PartKind.TEXT)
        self._showing: OpenItem | None = None  # the item that takes the part's deltas, once there is one
        self._take: Callable[[str], bytes] | None = None
        self._question: list[str] = []
        self._citations: list[Citation] = []
        self._calls = 0
        self._refused = False

    def feed(self, event: Event) -> bytes:
        """b"" where the event shows nothing yet."""
        match event:
            case PartDelta(text=text):
                if self._take is not None:
                    return self._take(text)
                return self._first_piece(text) if text else b""
            case PartStart():
                return self._part_start(event)
            case PartNote(note=note):
                return self._note(note)
            case PartEnd():
                return self._part_end(event)
            case ReplyStart():
                return self._start(event)
            case ReplyEnd():
                return self._end(event)
            case ReplyError():
                return self._fail(error_of(event))

    @override
    def feed_texts(self, part: int, texts: list[str]) -> bytes:
        """Of many pieces."""
        deltas = None if self._showing is None else self._showing.deltas
        return super().feed_texts(part, texts) if deltas is None else deltas.feed_all(texts)

    # The reply

    def _start(self, event: ReplyStart) -> bytes:
        self._reply = Response(event, self._context)
        begun = {"response": self._reply.begun}
        return self._frames.frame("created", begun) + self._frames.frame("in_progress", begun)

    def _end(self, event: ReplyEnd) -> bytes:
        assert self._reply is not None
        why = why_incomplete(event.stop, refused=self._refused)
        out = self._close(COMPLETED if why is None else INCOMPLETE)
        self.response = self._reply.ended(why, self._output, event.usage)
        return out + self._frames.frame(self.response["status"], {"response": self.response})

    def _fail(self, error: UpstreamError) -> bytes:
        if self._reply is None:
            return error_frame(error)
        return failed_frames(error, self._frames.number, {**self._reply.begun, "output": self._output})

    # Its parts

    def _part_start(self, event: PartStart) -> bytes:
        self._part, self._showing, self._take = event, None, None
        self._question, self._citations = [], []
        if event.kind is PartKind.TOOL_CALL:
            return self._call(event)
        if event.kind is PartKind.MEDIA and not event.media_type.startswith("image/"):
            out, words = self._words(refusal=False)
            out += words.feed(unshown(event.media_type))
            self._showing = self._take = None
            return out
        if event.kind is PartKind.HOSTED_RESULT and event.id == self._asked:
            self._showing = self._item
            self._take = None if self._item is None else self._item.feed
        return b""

    def _first_piece(self, text: str) -> bytes:
        """What a hosted tool is asked is looked at when all of it is there."""
        part = self._part
        item: OpenItem
        match part.kind:
            case PartKind.TEXT | PartKind.REFUSAL:
                out, item = self._words(refusal=part.kind is PartKind.REFUSAL)
            case PartKind.THINKING if not part.redacted:
                out, item = self._begin("rs", ReasoningItem)
            case PartKind.MEDIA if part.media_type.startswith("image/"):
                out, item = self._begin("ig", partial(ImageItem, media_type=part.media_type))
            case PartKind.HOSTED_CALL:
                self._question.append(text)
                return b""
            case _:
                return b""
        return out + item.feed(text)

    def _note(self, note: Note) -> bytes:
        if isinstance(note, Citation):
            self._citations.append(note)
            return b""
        if self._part.kind is not PartKind.TEXT:
            return b""
        out, item = (b"", self._showing) if isinstance(self._showing, MessageItem) else self._words(refusal=False)
        assert isinstance(item, MessageItem)
        return out + item.tokens(note.tokens)

    def _part_end(self, event: PartEnd) -> bytes:
        item, self._showing = self._showing, None
        match self._part.kind:
            case PartKind.TEXT if isinstance(item, MessageItem):
                return item.cite(self._citations)
            case PartKind.THINKING if event.signer == NAME and event.signature:
                out = b""
                if not isinstance(item, ReasoningItem):
                    out, item = self._begin("rs", ReasoningItem)
                item.sealed = event.signature
                return out
            case PartKind.HOSTED_CALL:
                return self._ask(Hosted(self._part.name))
            case PartKind.HOSTED_RESULT if isinstance(item, HostedItem):
                item.sources += self._citations
                item.failed = event.failed
        return b""

    # Their items

    def _words(self, *, refusal: bool) -> tuple[bytes, MessageItem]:
        """Words that follow words are of one message."""
        self._refused = self._refused or refusal
        out, item = b"", self._item
        if not isinstance(item, MessageItem):
            out, item = self._begin("msg", MessageItem)
        out += item.part(refusal=refusal)
        assert item.deltas is not None
        self._showing, self._take = item, item.deltas.feed
        return out, item

    def _call(self, event: PartStart) -> bytes:
        self._calls += 1
        name = client_name(self._context.names, event.name)
        namespace, own = self._context.namespaces.get(name, ("", name))
        known = {"call_id": call_id(event.id, self._context, self._calls), "name": own}
        if namespace:
            known["namespace"] = namespace
        if name in self._context.freeform:
            return self._begin("ctc", partial(CustomCallItem, known=known))[0]
        return self._begin("fc", partial(CallItem, known=known))[0]

    def _ask(self, tool: Hosted) -> bytes:
        if tool not in PREFIXES:
            return b""
        question = "".join(self._question)
        out, _ = self._begin(PREFIXES[tool], partial(HostedItem, tool=tool, question=question))
        self._asked, self._showing, self._take = self._part.id, None, None
        return out

    def _begin[Kind: OpenItem](self, prefix: str, make: Callable[[Frames, Place], Kind]) -> tuple[bytes, Kind]:
        """The next item; the one before it ends."""
        assert self._reply is not None
        out = self._close(COMPLETED)
        index = len(self._output)
        item = make(self._frames, Place(f"{prefix}_{self._reply.id[len(ID_PREFIX) :][-ID_ROOM:]}_{index}", index))
        self._item = self._showing = item
        out += item.start()
        self._take = item.feed
        return out, item

    def _close(self, status: str) -> bytes:
        item, self._item, self._asked = self._item, None, ""
        if item is None:
            return b""
        out = item.close(status)
        self._output.append(item.item)
        return out


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply: what its stream would end with."""
    encoder = StreamEncoder(context)
    for event in events_of(reply):
        encoder.feed(event)
    return ENCODER.encode(encoder.response)
