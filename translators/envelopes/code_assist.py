"""Gemini in Code Assist's envelope: what is said at cloudcode-pa.googleapis.com by those who have logged in to Google.

A request names model and project beside the request itself; a reply, and each chunk of a stream, is a field of an
object that also traces it. Errors have no envelope. Source: packages/core/src/code_assist/converter.ts of Gemini CLI.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.dialect import Envelope
from translators.errors import BadRequest
from translators.jsonio import ENCODER, UNREADABLE, read, top_level
from translators.sse import Frame, FrameSplitter, FrameTooLong

MODELS: Final = "models/"
ABSENT: Final = Raw(b"")

_DATA: Final = b"data: "
_END: Final = b"\n\n"


class Asked(Struct):
    """What a client says in the envelope. `session_id` stands within the request, where Gemini has no such field."""

    model: str = ""
    project: str = ""
    request: dict[str, Raw] = {}


class _Said(Struct):
    response: Raw = ABSENT


_ASKED: Final = msgspec.json.Decoder(Asked)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_SAID: Final = msgspec.json.Decoder(_Said)
_TEXT: Final = msgspec.json.Decoder(str)


def unwrap_request(body: bytes) -> tuple[str, bytes]:
    """The model that is asked for, and the request as Gemini's API takes it. Raises BadRequest.

    A count of tokens names the model within the request.
    """
    asked = read(_ASKED, body)
    if not asked.request:
        raise BadRequest("$.request", "a request of Gemini's")
    request = {name: value for name, value in asked.request.items() if name not in ("session_id", "model")}
    model = asked.model or _text(asked.request.get("model", ABSENT))
    if not model:
        raise BadRequest("$.model", "the name of a model")
    return model.removeprefix(MODELS), ENCODER.encode(request)


def wrap_request(body: bytes, *, model: str, project: str, prompt_id: str, session_id: str = "") -> bytes:
    """A request of Gemini's API in the envelope. Raises BadRequest."""
    request: dict[str, Any] = {**top_level(body)}
    if session_id:
        request["session_id"] = session_id
    return ENCODER.encode({"model": model, "project": project, "user_prompt_id": prompt_id, "request": request})


def wrap_count(body: bytes, *, model: str) -> bytes:
    """The same, of a request whose tokens are to be counted. Raises BadRequest."""
    contents = top_level(body).get("contents", Raw(b"[]"))
    return ENCODER.encode({"request": {"model": MODELS + model, "contents": contents}})


def unwrap_reply(body: bytes) -> bytes:
    """A reply, or a chunk, as Gemini's API words it; what has no envelope, such as an error, as it is."""
    if b'"response"' not in body:
        return body
    try:
        said = _SAID.decode(body)
    except UNREADABLE:
        return body
    return body if said.response is ABSENT else bytes(said.response)


def wrap_reply(body: bytes, trace_id: str) -> bytes:
    """A reply, or a chunk, in the envelope; an error as it is."""
    try:
        is_error = "error" in _OBJECT.decode(body)
    except UNREADABLE:
        return body
    return body if is_error else b'{"response":%b,"traceId":%b}' % (body, ENCODER.encode(trace_id))


class _Stream:
    """feed(data): any split of a stream of events in, whole ones out. close(): the rest, which may be half of one."""

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        self._change = change
        self._splitter = FrameSplitter()
        self._broken = False

    def feed(self, data: bytes) -> bytes:
        """b"" where no event is whole yet. Of an event without an end everything comes out as it is."""
        if self._broken:
            return data
        try:
            return b"".join(map(self._frame, self._splitter.feed(data)))
        except FrameTooLong:
            self._broken = True
            return data

    def close(self) -> bytes:
        """The rest."""
        return b"".join(map(self._frame, self._splitter.close()))

    def _frame(self, frame: Frame) -> bytes:
        return _DATA + self._change(frame.data) + _END


class StreamUnwrapper(_Stream):
    """An upstream's stream, as Gemini's API words it."""

    def __init__(self) -> None:
        super().__init__(unwrap_reply)


class StreamWrapper(_Stream):
    """A stream of Gemini's API for a client of Code Assist. See translators.dialect.Reframer."""

    content_type = "text/event-stream"

    def __init__(self, trace_id: str) -> None:
        super().__init__(lambda data: wrap_reply(data, trace_id))


ENVELOPE: Final = Envelope(unwrap_request, wrap_reply, StreamWrapper)


def _text(raw: Raw) -> str:
    try:
        return _TEXT.decode(raw)
    except UNREADABLE:
        return ""
