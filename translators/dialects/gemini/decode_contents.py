"""The turns of a request -> neutral messages."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.conversation import (
    Audio,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Loss,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from translators.dialects.gemini import request_wire as wire
from translators.dialects.gemini.wire import ABSENT
from translators.dialects.gemini.words import NAME, SKIP_SIGNATURE
from translators.errors import BadRequest
from translators.jsonio import ENCODER, UNREADABLE, is_said, text_of
from translators.place import Place
from translators.waiting import Waiting

ROLES: Final = {"user": Role.USER, "model": Role.ASSISTANT, "function": Role.USER, "": Role.USER}
"""`function` stands in what older clients send."""
TOOL_TYPES: Final = {
    "GOOGLE_SEARCH_WEB": Hosted.WEB_SEARCH,
    "URL_CONTEXT": Hosted.WEB_FETCH,
    "FILE_SEARCH": Hosted.FILE_SEARCH,
}
OUTPUT_KEYS: Final = ("output", "result", "content")
"""Where clients put a text that is the whole response. Source: FunctionResponse of the SDK, and what CLIs send."""
ERROR: Final = "error"
PLACE: Final = "$.contents[%d].parts[%d]"
OK: Final = "OUTCOME_OK"
VENDORS_FILES: Final = ("https://generativelanguage.googleapis.com/", "gs://", "files/")
FILMS: Final = ("https://www.youtube.com/", "https://youtube.com/", "https://m.youtube.com/", "https://youtu.be/")


class _Output(Struct, forbid_unknown_fields=True):
    """What nearly all responses are."""

    output: str


_OUTPUT: Final = msgspec.json.Decoder(_Output)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_TEXT: Final = msgspec.json.Decoder(str)


class ContentReader:
    """read(contents): all of them, once.

    Calls may have no ids; then they get some, by name and place, so that each turn tells the same. A response belongs
    to the call of its id, else to the oldest of its name that has none yet; without a name, to the oldest of all.
    """

    def __init__(self, losses: list[Loss]) -> None:
        self._losses = losses
        self._calls: dict[str, ToolCall] = {}
        self._answered: set[str] = set()
        self._waiting: Waiting[ToolCall] = Waiting(lambda call: call.id in self._answered)
        self._made = 0
        self._code = ""

    def read(self, contents: Sequence[wire.RequestContent]) -> tuple[Message, ...]:
        """Raises BadRequest."""
        messages = [self._message(content, index) for index, content in enumerate(contents)]
        return tuple(message for message in messages if message.parts)

    def _message(self, content: wire.RequestContent, at: int) -> Message:
        role = ROLES.get((content.role or "").lower())
        if role is None:
            raise BadRequest(f"$.contents[{at}].role", "user or model")
        parts: list[Part] = []
        for index, part in enumerate(content.parts or ()):
            if part.text and part.thought is None and part.thought_signature is None:  # nearly all of them
                parts.append(Text(part.text))
            else:
                self._part(part, role, Place(PLACE, at, index), parts)
            if not (part.part_metadata is part.media_resolution is part.video_metadata is ABSENT):
                self._lose_beside(part, Place(PLACE, at, index))
        return Message(role, tuple(parts))

    def _part(self, part: wire.RequestPart, role: Role, place: Place, parts: list[Part]) -> None:
        if part.text is not None and part.thought:
            parts.append(Thinking(part.text))
        if part.thought_signature:
            _sign(part.thought_signature, role, parts)
        if part.text is not None:
            if part.text and not part.thought:
                parts.append(Text(part.text))
            return
        found = self._tool_part(part, place) or _media(part, str(place), self._losses)
        if found is not None:
            parts.append(found)

    def _lose_beside(self, part: wire.RequestPart, place: Place) -> None:
        for name, raw in (
            ("videoMetadata", part.video_metadata),
            ("mediaResolution", part.media_resolution),
            ("partMetadata", part.part_metadata),
        ):
            if is_said(raw):
                self._losses.append(Loss(f"{place}.{name}", "only Google's models know it"))

    def _tool_part(self, part: wire.RequestPart, place: Place) -> Part | None:
        if part.function_call is not None:
            return self._call(part.function_call, place)
        if part.function_response is not None:
            return self._response(part.function_response, place)
        if part.executable_code is not None:
            return self._executed(part.executable_code)
        if part.code_execution_result is not None:
            printed = part.code_execution_result
            failed = (printed.outcome or OK) not in (OK, "OUTCOME_UNSPECIFIED")
            return HostedResult(printed.id or self._code, Hosted.CODE_EXECUTION, printed.output or "", failed=failed)
        for use, word in ((part.tool_call, "toolCall"), (part.tool_response, "toolResponse")):
            if use is not None:
                return self._hosted(use, place, word)
        return None

    def _call(self, call: wire.FunctionCall, place: Place) -> ToolCall:
        if not call.name:
            raise BadRequest(f"{place}.functionCall.name", "a value: it is required")
        if is_said(call.partial_args):
            self._losses.append(Loss(f"{place}.functionCall.partialArgs", "half of a call's arguments"))
        if call.will_continue:
            self._losses.append(Loss(f"{place}.functionCall.willContinue", "half of a call"))
        arguments = _object(call.args, place, "functionCall.args")
        made = ToolCall(call.id or self._id(call.name), call.name, arguments)
        self._calls[made.id] = made
        self._answered.discard(made.id)
        self._waiting.add(made.name, made)
        return made

    def _response(self, response: wire.FunctionResponse, place: Place) -> ToolResult:
        call = self._answered_by(response)
        if response.scheduling or response.will_continue:
            self._losses.append(Loss(f"{place}.functionResponse", "a response that is not the last"))
        parts, failed = _said(response.response, place)
        for index, one in enumerate(response.parts or ()):
            media = _media(one, f"{place}.functionResponse.parts[{index}]", self._losses)
            if media is not None:
                parts.append(media)
        if call is not None:
            return ToolResult(call.id, tuple(parts), failed)
        name = response.name or ""
        return ToolResult(response.id or self._id(name or "response"), tuple(parts), failed, name=name)

    def _answered_by(self, response: wire.FunctionResponse) -> ToolCall | None:
        call = self._calls.get(response.id) if response.id else None
        if call is None:
            call = self._waiting.oldest(response.name or "")
        if call is not None:
            self._answered.add(call.id)
        return call

    def _id(self, name: str) -> str:
        """By name and place."""
        while True:
            self._made += 1
            made = f"{name}_{self._made}"
            if made not in self._calls:
                return made

    def _executed(self, code: wire.ExecutableCode) -> HostedCall:
        self._code = code.id or self._id("code")
        return HostedCall(self._code, Hosted.CODE_EXECUTION, ENCODER.encode({"code": code.code or ""}).decode())

    def _hosted(self, use: wire.HostedUse, place: Place, word: str) -> Part | None:
        tool = TOOL_TYPES.get((use.tool_type or "").upper())
        if tool is None:
            self._losses.append(Loss(f"{place}.{word}", f"a tool that only Google has: {use.tool_type!r}"))
            return None
        if word == "toolCall":
            return HostedCall(use.id or "", tool, _object(use.args, place, "toolCall.args"))
        return HostedResult(use.id or "", tool, _object(use.response, place, "toolResponse.response"))


def _sign(signature: str, role: Role, parts: list[Part]) -> None:
    """It proves the thinking before it. What stands for a signature is none, and the user has not thought."""
    if signature == SKIP_SIGNATURE or role is not Role.ASSISTANT:
        return
    last = parts[-1] if parts else None
    if isinstance(last, Thinking) and last.signature is None:
        parts[-1] = Thinking(last.text, signature, NAME)
    else:
        parts.append(Thinking("", signature, NAME))


def _media(part: wire.RequestPart | wire.ResponsePart, path: str, losses: list[Loss]) -> Part | None:
    """Of media, only documents have names elsewhere."""
    if part.inline_data is not None:
        found, word, name = _blob(part.inline_data), "inlineData", part.inline_data.display_name
    elif part.file_data is not None:
        found, word, name = _file(part.file_data), "fileData", part.file_data.display_name
    else:
        if isinstance(part, wire.ResponsePart):
            losses.append(Loss(path, "an empty part"))
        return None
    if found is None:
        losses.append(Loss(path, "an empty part"))
    elif name and not isinstance(found, File):
        losses.append(Loss(f"{path}.{word}.displayName", "a name of what is no document"))
    return found


def _blob(blob: wire.Blob) -> Part | None:
    """By its media type. Some write base64 for URLs, which other vendors refuse."""
    if not blob.data:
        return None
    media_type = (blob.mime_type or "application/octet-stream").lower()
    kind, _, rest = media_type.partition("/")
    data = blob.data
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/") + "=" * (-len(data) % 4)
    match kind:
        case "image":
            return Image(media_type, data)
        case "audio":
            return Audio(data, rest)
        case "video":
            return Video(media_type, data)
        case _:
            return File(media_type, data, name=blob.display_name or "")


def _file(data: wire.FileData | None) -> Part | None:
    """Files that Google holds nobody else can read."""
    uri = data.file_uri if data is not None else None
    if data is None or not uri:
        return None
    media_type, name = (data.mime_type or "").lower(), data.display_name or ""
    if uri.startswith(VENDORS_FILES):
        return File(media_type, file_id=uri, name=name)
    if media_type.startswith("image/"):
        return Image(url=uri)
    if media_type.startswith("video/") or uri.startswith(FILMS):
        return Video(media_type, url=uri)
    return File(media_type, url=uri, name=name)


def _object(raw: Raw, place: Place, field: str) -> str:
    text = text_of(raw).strip()
    if text.startswith("{"):
        return text
    if text in ("", "null"):
        return "{}"
    raise BadRequest(f"{place}.{field}", "object")


def _said(raw: Raw, place: Place) -> tuple[list[Part], bool]:
    """The words of a response, and whether it is one of failure."""
    try:
        words = _OUTPUT.decode(raw).output
    except UNREADABLE:
        return _said_otherwise(_object(raw, place, "functionResponse.response"), place)
    return ([Text(words)] if words else []), False


def _said_otherwise(text: str, place: Place) -> tuple[list[Part], bool]:
    try:
        fields = _OBJECT.decode(text)
    except UNREADABLE as error:
        raise BadRequest(f"{place}.functionResponse.response", "object") from error
    if not fields:
        return [], False
    if len(fields) == 1:
        [(key, value)] = fields.items()
        if key == ERROR or (key in OUTPUT_KEYS and bytes(value)[:1] == b'"'):
            words = _TEXT.decode(value) if bytes(value)[:1] == b'"' else text_of(value)
            return ([Text(words)] if words else []), key == ERROR
    return [Text(text)], False
