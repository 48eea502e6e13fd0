"""What the pieces of a chat reply mean: one machine for streamed and whole replies."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw

from translators.data_urls import split_data_url
from translators.dialects.openai_chat import media, wire_reply
from translators.dialects.openai_chat.calls import Calls
from translators.dialects.openai_chat.said_beside import citation_of, logprobs_of
from translators.errors import ErrorKind, GatewayError, UpstreamError
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyStart,
    StopReason,
    Usage,
)
from translators.jsonio import UNREADABLE
from translators.openai_errors import read_error

STOP: Final[Mapping[str, StopReason]] = {
    "stop": StopReason.END_TURN,
    "eos": StopReason.END_TURN,
    "end_turn": StopReason.END_TURN,
    "length": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "model_length": StopReason.LENGTH,
    "tool_calls": StopReason.TOOL_USE,
    "function_call": StopReason.TOOL_USE,
    "tool_use": StopReason.TOOL_USE,
    "content_filter": StopReason.REFUSAL,
    "safety": StopReason.REFUSAL,
    "refusal": StopReason.REFUSAL,
}
"""Words that are not here count as a normal end."""

FAILURES: Final = frozenset({"error", "abort", "insufficient_system_resource"})
"""Finish reasons that say that the vendor failed: OpenRouter, vLLM, DeepSeek."""


class Failed(Exception):
    """The vendor's failure, or ours to understand it: ends the reply."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(str(error))
        self.error = error


class ReplyMachine:
    """What chunks mean: takes their pieces, keeps what is open, gives events into `events`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.started = False
        self.finish: str | None = None
        self.usage: Usage | None = None
        self.prose = -1  # the open part of text, thinking or refusal
        self.prose_kind: PartKind | None = None
        self._parts = 0
        self._refused = False
        self._audio: int | None = None
        self._calls = Calls()

    def start(self, head: wire_reply.Head | wire_reply.Completion) -> None:
        self._calls.seed = f"{head.id} {head.created}"
        self.started = True
        self.events.append(ReplyStart(head.id or "", head.model or ""))

    def take(self, delta: wire_reply.Delta) -> None:
        """One piece of the answer."""
        content = delta.content
        if (
            self.prose_kind is PartKind.TEXT
            and type(content) is str
            and delta.tool_calls is None
            and delta.reasoning is None
            and delta.reasoning_content is None
            and delta.reasoning_details is None
            and delta.refusal is None
            and delta.function_call is None
            and delta.annotations is None
            and delta.audio is None
            and delta.images is None
        ):  # nearly all of them
            if content:
                self.events.append(PartDelta(self.prose, content))
            return
        thought = delta.reasoning_content or delta.reasoning
        if not thought and delta.reasoning_details:
            thought = "".join(detail.text or detail.summary or "" for detail in delta.reasoning_details)
        if thought:
            self._say(PartKind.THINKING, thought)
        if isinstance(content, list):
            for piece in content:
                self._take_piece(piece)
        elif content:
            self._say(PartKind.TEXT, content)
        if delta.refusal:
            self._refused = True
            self._say(PartKind.REFUSAL, delta.refusal)
        for call in delta.tool_calls or ():
            self._call(call)
        legacy = delta.function_call
        if legacy is not None and (legacy.name or legacy.arguments):
            self._call(wire_reply.CallPiece(index=0, function=legacy))
        if delta.annotations:
            self._cite(delta.annotations)
        if delta.audio is not None:
            self._sound(delta.audio)
        for image in delta.images or ():
            self._show(image)

    def chances(self, logprobs: wire_reply.LogprobsPiece) -> None:
        """How likely the tokens of the last piece were."""
        for kind, tokens in ((PartKind.TEXT, logprobs.content), (PartKind.REFUSAL, logprobs.refusal)):
            if tokens:
                self._open(kind)
                self.events.append(PartNote(self.prose, logprobs_of(tokens)))

    def end(self) -> None:
        """The end of all parts and of the reply."""
        self._end_prose()
        if self._audio is not None:
            self.events.append(PartEnd(self._audio))
        self.events += self._calls.end()
        self.events.append(ReplyEnd(self._stop(), self.usage))

    @property
    def empty(self) -> bool:
        """Whether nothing has been said yet."""
        return self._parts == 0

    def _take_piece(self, piece: wire_reply.ContentPiece) -> None:
        thought = piece.thinking
        if thought:
            text = thought if isinstance(thought, str) else "".join(part.text or "" for part in thought)
            self._say(PartKind.THINKING, text)
        elif piece.text:
            self._say(PartKind.TEXT, piece.text)

    def _say(self, kind: PartKind, text: str) -> None:
        if not text:
            return
        self._open(kind)
        self.events.append(PartDelta(self.prose, text))

    def _open(self, kind: PartKind) -> None:
        if self.prose_kind is not kind:
            self._end_prose()
            self.prose, self.prose_kind = self._parts, kind
            self._parts += 1
            self.events.append(PartStart(self.prose, kind))

    def _cite(self, annotations: list[wire_reply.Annotation]) -> None:
        """They stand on the text that is open, or on one of no words."""
        citations = [citation for one in annotations if (citation := citation_of(one)) is not None]
        if citations:
            self._open(PartKind.TEXT)
            self.events += [PartNote(self.prose, citation) for citation in citations]

    def _sound(self, audio: wire_reply.AudioPiece) -> None:
        """What is spoken, as words and as sound: the two come in pieces, side by side."""
        if audio.transcript:
            self._say(PartKind.TEXT, audio.transcript)
        if audio.data:
            if self._audio is None:
                self._audio = self._parts
                self._parts += 1
                self.events.append(PartStart(self._audio, PartKind.MEDIA, media_type=media.type_of_sound(audio.data)))
            self.events.append(PartDelta(self._audio, audio.data))

    def _show(self, image: wire_reply.ImageOut) -> None:
        url = (image.image_url.url or "") if image.image_url is not None else ""
        split = split_data_url(url)
        if split is None:
            self._say(PartKind.TEXT, f"![image]({url})" if url else "")
            return
        self._end_prose()
        part = self._parts
        self._parts += 1
        self.events += [
            PartStart(part, PartKind.MEDIA, media_type=split[0] or "image/png"),
            PartDelta(part, split[1]),
            PartEnd(part),
        ]

    def _call(self, piece: wire_reply.CallPiece) -> None:
        events = self._calls.take(piece, self._parts)
        if events and type(events[0]) is PartStart:
            self._parts += 1
            self._end_prose()
        self.events += events

    def _end_prose(self) -> None:
        if self.prose_kind is not None:
            self.events.append(PartEnd(self.prose))
            self.prose_kind = None

    def _stop(self) -> StopReason:
        """Length and filters win; then what was really sent counts for more than what the vendor calls it."""
        said = STOP.get((self.finish or "").lower(), StopReason.END_TURN)
        if said in (StopReason.LENGTH, StopReason.REFUSAL):
            return said
        if self._calls.parts:
            return StopReason.TOOL_USE
        return StopReason.REFUSAL if self._refused else StopReason.END_TURN


def check(error: Raw) -> None:
    """Raises where a chunk's `error` says something; some vendors send `"error": null` with each."""
    try:
        said = msgspec.json.decode(error)
    except UNREADABLE:
        said = "the upstream reported an error that can't be read"
    if said:
        raise Failed(read_error({"error": said}))


def check_finish(finish: str) -> None:
    if finish in FAILURES:
        raise Failed(UpstreamError(ErrorKind.SERVER, f"the upstream ended its answer with {finish!r}", status=502))
