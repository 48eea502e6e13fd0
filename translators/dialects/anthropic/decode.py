"""Anthropic JSON -> Conversation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct

from translators import tolerant
from translators.conversation import (
    CacheMark,
    ChoiceMode,
    Conversation,
    File,
    Image,
    Loss,
    Message,
    OutputFormat,
    Part,
    Role,
    Text,
    Thinking,
    ThinkingMode,
    ThinkingWish,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from translators.dialect import Peek
from translators.dialects.anthropic import wire
from translators.errors import BadRequest
from translators.jsonio import UNREADABLE, check_text, read, text_of

NAME: Final = "anthropic"
ROLES: Final = {role.value: role for role in Role}
BILLING: Final = "x-anthropic-billing-header:"
CHOICES: Final[Mapping[str, ChoiceMode]] = {
    "auto": ChoiceMode.AUTO,
    "any": ChoiceMode.ANY,
    "tool": ChoiceMode.ONE,
    "none": ChoiceMode.NONE,
}
THINKING: Final[Mapping[str, ThinkingMode]] = {
    "enabled": ThinkingMode.ON,
    "disabled": ThinkingMode.OFF,
    "adaptive": ThinkingMode.AUTO,
    "between_tools": ThinkingMode.AUTO,
}
DISPLAY: Final[Mapping[str | None, bool]] = {"summarized": True, "omitted": False}


class _Peek(Struct):
    model: str
    stream: bool | None = None


_PEEK: Final = msgspec.json.Decoder(_Peek)
_REQUEST: Final = msgspec.json.Decoder(wire.Request)


def peek(body: bytes) -> Peek:
    """Model and stream flag. Raises BadRequest."""
    seen = read(_PEEK, body)
    return Peek(seen.model, bool(seen.stream))


def decode_request(body: bytes) -> Conversation:
    """Raises BadRequest with the path at fault."""
    request, losses = _read(body)
    messages = tuple(_message(index, message, losses) for index, message in enumerate(request.messages))
    system = tuple(_system(request.system, losses))
    tools = tuple(_tools(request.tools or (), losses))
    return Conversation(
        model=request.model,
        messages=messages,
        system=system,
        tools=tools,
        tool_choice=_tool_choice(request.tool_choice, tools, losses),
        parallel_tool_calls=_parallel(request.tool_choice),
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=tuple(request.stop_sequences or ()),
        stream=bool(request.stream),
        include_usage=True,
        thinking=_thinking(request, losses),
        output_format=_output_format(request),
        user=request.metadata.user_id if request.metadata else None,
        service_tier=request.service_tier,
        extras=_extras(request),
        losses=tuple(losses),
    )


def _read(body: bytes) -> tuple[wire.Request, list[Loss]]:
    check_text(body)
    try:
        return _REQUEST.decode(body), []
    except msgspec.ValidationError:  # Perhaps only block types that nobody here knows.
        request, losses = tolerant.decode(body, wire.Request)
        return request, list(losses)
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error


def _system(system: str | list[wire.TextBlock] | None, losses: list[Loss]) -> Iterator[Text]:
    """Claude Code's first line is a note to Anthropic's billing, not words for a model."""
    blocks = [wire.TextBlock(system)] if isinstance(system, str) else system or []
    for index, block in enumerate(blocks):
        if block.text.startswith(BILLING):
            losses.append(Loss(f"$.system[{index}]", "a note for Anthropic's billing"))
        elif block.text:
            yield Text(block.text, _mark(block.cache_control))


def _message(index: int, message: wire.Message, losses: list[Loss]) -> Message:
    role = ROLES[message.role]
    if isinstance(message.content, str):
        return Message(role, (Text(message.content),))
    parts = [
        Text(block.text, _mark(block.cache_control))
        if type(block) is wire.TextBlock  # nearly all of them
        else _part(block, f"$.messages[{index}].content[{at}]", losses)
        for at, block in enumerate(message.content)
    ]
    return Message(role, tuple(parts))


def _part(block: wire.Block, path: str, losses: list[Loss]) -> Part:
    match block:
        case wire.TextBlock() | wire.ImageBlock() | wire.DocumentBlock() | wire.SearchResultBlock():
            return _content(block, path, losses)
        case wire.ToolUseBlock():
            return ToolCall(block.id, block.name, _arguments(block.input, path), _mark(block.cache_control))
        case wire.ToolResultBlock():
            return _tool_result(block, path, losses)
        case wire.ThinkingBlock(thinking=text, signature=signature):
            return Thinking(text, signature or None, NAME if signature else None)
        case wire.RedactedThinkingBlock(data=data):
            return Thinking("", data, NAME, redacted=True)


def _content(block: wire.ResultBlock, path: str, losses: list[Loss]) -> Part:
    """What may stand in a message and in a tool's result."""
    match block:
        case wire.TextBlock():
            return Text(block.text, _mark(block.cache_control))
        case wire.ImageBlock():
            return _image(block)
        case wire.DocumentBlock():
            return _document(block, path, losses)
        case wire.SearchResultBlock():
            text = "\n".join(piece.text for piece in block.content)
            cache = _mark(block.cache_control)
            return File("text/plain", text=text, name=block.title, context=block.source, cache=cache)
        case wire.ToolReferenceBlock():
            losses.append(Loss(path, "a reference to a tool: its name was sent"))
            return Text(f"Tool found: {block.tool_name}", _mark(block.cache_control))


def _image(block: wire.ImageBlock) -> Part:
    cache = _mark(block.cache_control)
    match block.source:
        case wire.Base64Source(media_type=media_type, data=data):
            return Image(media_type, data, cache=cache)
        case wire.UrlSource(url=url):
            return Image(url=url, cache=cache)
        case wire.FileSource(file_id=file_id):
            return File("image/*", file_id=file_id, cache=cache)


def _document(block: wire.DocumentBlock, path: str, losses: list[Loss]) -> File:
    name, context, cache = block.title or "", block.context or "", _mark(block.cache_control)
    match block.source:
        case wire.Base64Source(media_type=media_type, data=data):
            return File(media_type, data=data, name=name, context=context, cache=cache)
        case wire.UrlSource(url=url):
            return File("application/pdf", url=url, name=name, context=context, cache=cache)
        case wire.FileSource(file_id=file_id):
            return File(file_id=file_id, name=name, context=context, cache=cache)
        case wire.TextSource(data=text, media_type=media_type):
            return File(media_type, text=text, name=name, context=context, cache=cache)
        case wire.ContentSource(content=content):
            text = _content_text(content, path, losses)
            return File("text/plain", text=text, name=name, context=context, cache=cache)


def _content_text(content: str | list[wire.TextBlock | wire.ImageBlock], path: str, losses: list[Loss]) -> str:
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for index, block in enumerate(content):
        if isinstance(block, wire.TextBlock):
            texts.append(block.text)
        else:
            losses.append(Loss(f"{path}.source.content[{index}]", "an image within a document"))
    return "\n".join(texts)


def _tool_result(block: wire.ToolResultBlock, path: str, losses: list[Loss]) -> ToolResult:
    parts: tuple[Part, ...]
    if isinstance(block.content, str):
        parts = (Text(block.content),) if block.content else ()
    else:
        pieces = enumerate(block.content or ())
        parts = tuple(_content(piece, f"{path}.content[{at}]", losses) for at, piece in pieces)
    return ToolResult(block.tool_use_id, parts, bool(block.is_error), _mark(block.cache_control))


def _arguments(raw: Raw, path: str) -> str:
    text = text_of(raw).strip()
    if text.startswith("{"):
        return text
    if text == "null":
        return "{}"
    raise BadRequest(f"{path}.input", "object")


def _tools(tools: Sequence[wire.Tool], losses: list[Loss]) -> Iterator[Tool]:
    for index, tool in enumerate(tools):
        if tool.type not in (None, "custom"):
            losses.append(Loss(f"$.tools[{index}]", f"{tool.type!r} is a tool that only Anthropic knows"))
        elif not tool.name:
            raise BadRequest(f"$.tools[{index}].name", "a value: it is required")
        else:
            schema = _object(tool.input_schema, f"$.tools[{index}].input_schema")
            yield Tool(tool.name, tool.description or "", schema, tool.strict, _mark(tool.cache_control))


def _object(raw: Raw, path: str) -> Raw | None:
    text = bytes(raw).strip()
    if text in (b"", b"null"):
        return None
    if not text.startswith(b"{"):
        raise BadRequest(path, "object")
    return raw


def _tool_choice(choice: wire.ToolChoice | None, tools: Sequence[Tool], losses: list[Loss]) -> ToolChoice | None:
    """A choice that only a dropped tool could meet is dropped with it."""
    if choice is None:
        return None
    mode, name = CHOICES[choice.type], choice.name or ""
    if mode is ChoiceMode.ONE and not name:
        raise BadRequest("$.tool_choice.name", "a value: it is required")
    known = any(tool.name == name for tool in tools) if mode is ChoiceMode.ONE else bool(tools)
    if mode in (ChoiceMode.ANY, ChoiceMode.ONE) and not known:
        losses.append(Loss("$.tool_choice", "the tool that it asks for is not there"))
        return None
    return ToolChoice(mode, name)


def _parallel(choice: wire.ToolChoice | None) -> bool | None:
    if choice is None or choice.disable_parallel_tool_use is None:
        return None
    return not choice.disable_parallel_tool_use


def _thinking(request: wire.Request, losses: list[Loss]) -> ThinkingWish | None:
    """An effort alone leaves it to the model whether to think."""
    config, effort = request.thinking, request.output_config.effort if request.output_config else None
    if config is not None and config.type not in THINKING:
        losses.append(Loss("$.thinking", f"unknown type {config.type!r}"))
        config = None
    if config is None:
        return ThinkingWish(ThinkingMode.AUTO, effort) if effort else None
    return ThinkingWish(THINKING[config.type], effort, config.budget_tokens, DISPLAY.get(config.display))


def _output_format(request: wire.Request) -> OutputFormat | None:
    """`output_format` is the older place."""
    config = request.output_config.format if request.output_config else None
    config, path = (config, "output_config.format") if config else (request.output_format, "output_format")
    if config is None:
        return None
    return OutputFormat(_object(config.schema, f"$.{path}.schema"))


def _extras(request: wire.Request) -> Mapping[str, Raw]:
    found: dict[str, Raw] = {}
    for key in wire.EXTRAS:
        value: Raw = getattr(request, key)
        if value is not wire.ABSENT and bytes(value) != b"null":
            found[key] = value
    return found


def _mark(control: wire.CacheControl | None) -> CacheMark | None:
    if control is None:
        return None
    return CacheMark(None if control.ttl is UNSET else control.ttl)
