"""Neutral parts -> Google's. What they can't hold becomes a loss."""

import base64
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw

from translators.conversation import (
    Audio,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Loss,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from translators.dialects.gemini import request_wire as wire
from translators.dialects.gemini.decode_contents import VENDORS_FILES
from translators.dialects.gemini.said import object_of
from translators.hosted_words import words_of
from translators.jsonio import UNREADABLE, quoted
from translators.modalities import left_out
from translators.place import Place

PICTURES: Final = frozenset(("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"))
"""Source: ai.google.dev/gemini-api/docs/image-understanding."""
ALSO_KNOWN_AS: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "application/x-pdf": "application/pdf"}
ENDINGS: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/mov",
}
"""Media types of files that are named by a URL alone."""
OUTPUT: Final = b'{"output":'
ERROR: Final = b'{"error":'
NO_RESULT: Final = "The result of this call was not recorded."
EMPTY_OBJECT: Final = Raw(b"{}")

_CODE: Final = msgspec.json.Decoder(dict[str, object])


def said(part: Part, place: Place | str, losses: list[Loss]) -> wire.RequestPart | None:
    """What anybody may say; None where there is nothing to be said."""
    match part:
        case Text() | Refusal():
            return wire.RequestPart(part.text) if part.text else None
        case Image():
            return _image(part, str(place), losses)
        case File():
            return _file(part, str(place), losses)
        case Audio(data=data, format=sound):
            return wire.RequestPart(inline_data=wire.Blob(f"audio/{sound}", data))
        case Video(media_type=media_type, data=data, url=url):
            kind = media_type or "video/mp4"
            if url:
                return wire.RequestPart(file_data=wire.FileData(kind, url))
            return wire.RequestPart(inline_data=wire.Blob(kind, data))
        case HostedCall(tool=Hosted.CODE_EXECUTION):
            return wire.RequestPart(executable_code=wire.ExecutableCode(language="PYTHON", code=_code(part)))
        case HostedResult(tool=Hosted.CODE_EXECUTION, text=text, failed=failed):
            outcome = "OUTCOME_FAILED" if failed else "OUTCOME_OK"
            return wire.RequestPart(code_execution_result=wire.CodeResult(outcome=outcome, output=text))
        case HostedCall() | HostedResult():
            words = words_of(part)
            return wire.RequestPart(words) if words else None
        case Thinking() | ToolCall() | ToolResult():
            losses.append(Loss(str(place), f"{type(part).__name__.lower()} can't stand here"))
    return None


def call_part(call: ToolCall, call_id: str, name: str, place: Place, losses: list[Loss]) -> wire.RequestPart:
    """The call, with arguments that are an object."""
    arguments = object_of(call.arguments)
    if arguments is None:
        losses.append(Loss(f"{place}.arguments", "arguments that are not a JSON object"))
    return wire.RequestPart(function_call=wire.FunctionCall(call_id or None, name, arguments or EMPTY_OBJECT))


def response_part(
    result: ToolResult | None, call_id: str, name: str, place: Place | None, losses: list[Loss], *, holds_media: bool
) -> tuple[wire.RequestPart, list[wire.RequestPart]]:
    """The response to a call, and what of it has to stand beside it. Without a result it says that there is none."""
    texts: list[str] = []
    inside: list[wire.ResponsePart] = []
    beside: list[wire.RequestPart] = []
    for index, piece in enumerate(result.parts if result is not None else (Text(NO_RESULT),)):
        if type(piece) is Text:  # nearly all of them
            texts += [piece.text] if piece.text else []
            continue
        part = said(piece, f"{place}.parts[{index}]", losses)
        if part is None:
            continue
        if part.text is not None:
            texts.append(part.text)
        elif part.inline_data is not None and holds_media:
            inside.append(wire.ResponsePart(part.inline_data))
        else:
            beside.append(part)
    failed = result is None or result.failed
    words = quoted("\n".join(texts))
    response = wire.FunctionResponse(
        call_id or None, name, Raw((ERROR if failed else OUTPUT) + words + b"}"), inside or None
    )
    return wire.RequestPart(function_response=response), beside


def _code(call: HostedCall) -> str:
    try:
        return str(_CODE.decode(call.arguments).get("code", ""))
    except UNREADABLE:
        return call.arguments


def _image(image: Image, path: str, losses: list[Loss]) -> wire.RequestPart | None:
    if image.detail not in (None, "auto"):
        losses.append(Loss(f"{path}.detail", f"detail {image.detail!r}"))
    if image.url:
        return wire.RequestPart(file_data=wire.FileData(_type_of(image.url, "image/jpeg"), image.url))
    media_type = ALSO_KNOWN_AS.get(image.media_type, image.media_type)
    if media_type not in PICTURES or not image.data:
        losses.append(Loss(path, f"an image of type {media_type!r}"))
        return wire.RequestPart(left_out(image))
    return wire.RequestPart(inline_data=wire.Blob(media_type, image.data))


def _file(file: File, path: str, losses: list[Loss]) -> wire.RequestPart | None:
    losses += [
        Loss(f"{path}.{name}", "Google's files have none") for name in ("name", "context") if getattr(file, name)
    ]
    media_type = ALSO_KNOWN_AS.get(file.media_type, file.media_type)
    if file.data:
        return wire.RequestPart(inline_data=wire.Blob(media_type or "application/octet-stream", file.data))
    if file.text:
        data = base64.b64encode(file.text.encode("utf-8", "surrogatepass")).decode()
        return wire.RequestPart(inline_data=wire.Blob("text/plain", data))
    if file.file_id.startswith(VENDORS_FILES):
        return wire.RequestPart(file_data=wire.FileData(media_type or None, file.file_id))
    if file.url:
        kind = media_type if media_type and not media_type.endswith("/*") else ""
        return wire.RequestPart(file_data=wire.FileData(kind or _type_of(file.url, "application/pdf"), file.url))
    losses.append(Loss(path, f"a file {file.file_id!r} of another vendor" if file.file_id else "an empty file"))
    return wire.RequestPart(left_out(file))


def _type_of(url: str, otherwise: str) -> str:
    """By the ending of the path."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return otherwise
    return ENDINGS.get(path.rpartition(".")[2].lower(), otherwise)
