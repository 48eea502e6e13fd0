"""Neutral parts -> content blocks. What a block can't hold becomes a loss."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct

from translators.conversation import (
    Audio,
    CacheMark,
    File,
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
from translators.dialects.anthropic import wire
from translators.dialects.anthropic.decode import NAME
from translators.hosted_words import words_of
from translators.jsonio import UNREADABLE
from translators.modalities import left_out

NO_ANSWER: Final = "The result of this call was not recorded."
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
ALSO_KNOWN_AS: Final[Mapping[str, str]] = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
TTLS: Final = frozenset({"5m", "1h"})
EMPTY_OBJECT: Final = Raw(b"{}")

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])


class Placed(Struct, frozen=True, gc=False):
    """A part and where it stands in the conversation: in which message, and `inner` within a result."""

    message: int
    index: int
    part: Part
    inner: int | None = None

    @property
    def path(self) -> str:
        """Written where somebody must hear of it."""
        path = f"$.messages[{self.message}].content[{self.index}]"
        return path if self.inner is None else f"{path}.parts[{self.inner}]"

    def pieces(self, parts: Sequence[Part]) -> list["Placed"]:
        """What a result holds."""
        return [Placed(self.message, self.index, part, inner) for inner, part in enumerate(parts)]


def user_blocks(parts: Sequence[Placed], losses: list[Loss]) -> list[wire.Block]:
    """What a user may say, less results, which need their calls."""
    blocks: list[wire.Block] = []
    for placed in parts:
        block = _content(placed, losses)
        if block is not None:
            blocks.append(block)
    return blocks


def assistant_blocks(parts: Sequence[Placed], keeps_thinking: bool, losses: list[Loss]) -> list[wire.Block]:
    """What a model said, less its calls: first what it thought."""
    thoughts: list[wire.Block | None] = []
    words: list[wire.Block | None] = []
    for placed in parts:
        part = placed.part
        if isinstance(part, (Text, Refusal, HostedCall, HostedResult)):
            words.append(_content(placed, losses))
        elif isinstance(part, Thinking):
            thoughts.append(_thinking(part, placed, keeps_thinking, losses))
        else:
            losses.append(Loss(placed.path, f"{_word(part)} of the assistant's"))
    return [block for block in thoughts + words if block is not None]


def tool_use(call: ToolCall, call_id: str, name: str, placed: Placed, losses: list[Loss]) -> wire.ToolUseBlock:
    """The call, with arguments that are an object."""
    arguments = object_of(call.arguments)
    if arguments is None:
        losses.append(Loss(f"{placed.path}.arguments", "arguments that are not a JSON object"))
    return wire.ToolUseBlock(call_id, name, arguments or EMPTY_OBJECT, control_of(call.cache))


def tool_result(result: Placed, call_id: str, losses: list[Loss]) -> wire.ToolResultBlock:
    """The answer to a call."""
    part = result.part
    assert isinstance(part, ToolResult)
    blocks: list[wire.ResultBlock] = []
    for piece in result.pieces(part.parts):
        block = _content(piece, losses)
        if block is not None:
            blocks.append(block)
    content: str | list[wire.ResultBlock] | None = blocks or None
    if len(blocks) == 1 and isinstance(blocks[0], wire.TextBlock) and blocks[0].cache_control is None:
        content = blocks[0].text
    return wire.ToolResultBlock(call_id, content, True if part.failed else None, control_of(part.cache))


def missing_result(call_id: str) -> wire.ToolResultBlock:
    """What stands for an answer that the history does not have."""
    return wire.ToolResultBlock(call_id, NO_ANSWER, True)


def text_block(text: Text) -> wire.TextBlock | None:
    """None for nothing but white space, which is refused."""
    words = text.text
    return None if not words or words.isspace() else wire.TextBlock(words, control_of(text.cache))


def object_of(text: str) -> Raw | None:
    """The text as the JSON object that it is, None where it is something else."""
    try:
        data = text.encode()
        _OBJECT.decode(data)
    except (*UNREADABLE, UnicodeEncodeError):
        return None
    return Raw(data)


def _content(placed: Placed, losses: list[Loss]) -> wire.TextBlock | wire.ImageBlock | wire.DocumentBlock | None:
    part = placed.part
    match part:
        case Text():
            if part.notes:
                losses.append(Loss(f"{placed.path}.notes", "where words come from, as another vendor had it"))
            return text_block(part)
        case Refusal(text=text):
            return text_block(Text(text))
        case Image():
            return _image(part, placed.path, losses)
        case File():
            return _file(part, placed.path, losses)
        case Audio() | Video():
            losses.append(Loss(placed.path, f"{_word(part)}: words were sent in its place"))
            return wire.TextBlock(left_out(part))
        case HostedCall() | HostedResult():  # Anthropic takes back only what it has encrypted itself.
            return text_block(Text(words_of(part)))
        case Thinking() | ToolCall() | ToolResult():
            losses.append(Loss(placed.path, f"{_word(part)} can't stand here"))
            return None


def _thinking(part: Thinking, placed: Placed, keeps_thinking: bool, losses: list[Loss]) -> wire.Block | None:
    """Signed elsewhere, it would be refused; unsigned, only some compatibles want it."""
    if part.signer == NAME and part.signature:
        if part.redacted:
            return wire.RedactedThinkingBlock(part.signature)
        return wire.ThinkingBlock(part.text, part.signature)
    if keeps_thinking and part.text.strip():
        return wire.ThinkingBlock(part.text)
    if part.text.strip() or part.signature:
        losses.append(Loss(placed.path, f"thinking that {part.signer or 'nobody'} signed"))
    return None


def _image(image: Image, path: str, losses: list[Loss]) -> wire.ImageBlock | wire.TextBlock:
    if image.detail not in (None, "auto"):
        losses.append(Loss(f"{path}.detail", f"detail {image.detail!r}"))
    if image.url:
        return wire.ImageBlock(wire.UrlSource(image.url), control_of(image.cache))
    media_type = ALSO_KNOWN_AS.get(image.media_type, image.media_type)
    if media_type not in PICTURES or not image.data:
        losses.append(Loss(path, f"an image of type {media_type!r}"))
        return wire.TextBlock(left_out(image), control_of(image.cache))
    return wire.ImageBlock(wire.Base64Source(media_type, image.data), control_of(image.cache))


def _file(file: File, path: str, losses: list[Loss]) -> wire.ImageBlock | wire.DocumentBlock | wire.TextBlock:
    control = control_of(file.cache)
    if file.media_type.startswith("image/"):
        if file.file_id.startswith("file_"):
            return wire.ImageBlock(wire.FileSource(file.file_id), control)
        return _image(Image(file.media_type, file.data, file.url, cache=file.cache), path, losses)
    source = _source(file)
    if source is None:
        kind = f"a file {file.file_id!r} of another vendor" if file.file_id else f"a file of type {file.media_type!r}"
        losses.append(Loss(path, kind))
        return wire.TextBlock(left_out(file), control)
    return wire.DocumentBlock(source, file.name or None, file.context or None, control)


def _source(file: File) -> wire.DocumentSource | None:
    if file.text.strip():
        return wire.TextSource(file.text)
    if file.data and file.media_type in ("application/pdf", "application/x-pdf"):
        return wire.Base64Source("application/pdf", file.data)
    if file.data and (text := _plain_text(file)):
        return wire.TextSource(text)
    if file.url:
        return wire.UrlSource(file.url)
    if file.file_id.startswith("file_"):  # Other vendors' ids mean nothing here.
        return wire.FileSource(file.file_id)
    return None


def _plain_text(file: File) -> str:
    """The words of a text file that came as base64."""
    if not (file.media_type.startswith("text/") or file.media_type == "application/json"):
        return ""
    try:
        return base64.b64decode(file.data, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def control_of(mark: CacheMark | None) -> wire.CacheControl | None:
    """A breakpoint; a time to live that the vendor doesn't know is left to it."""
    if mark is None:
        return None
    return wire.CacheControl(ttl=mark.ttl if mark.ttl in TTLS else UNSET)


def _word(part: Part) -> str:
    return type(part).__name__.lower()
