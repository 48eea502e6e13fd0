"""How many tokens a request has, estimated: for token counts where the upstream has no way to count.

Within some 30 % for prose, code and JSON in most scripts; images and tools cost what the vendor likes. No tokenizer is
asked, since each vendor has its own. Linear in the size of the request, at C speed: characters are counted by class,
by deleting the class from the bytes.

Per class, from what current tokenizers (o200k, Claude's) make of typical text:

letters and spaces of ASCII     4.7 characters a token
digits and signs of ASCII       2.2
two bytes of UTF-8              2.2 (Latin with marks, Cyrillic, Greek, Arabic, Hebrew)
three bytes                     1.1 (Chinese, Japanese, Korean, Indic scripts)
four bytes                      0.5 (emoji)
"""

from collections.abc import Iterable
from typing import Final

from translators.conversation import (
    Audio,
    Conversation,
    File,
    HostedCall,
    HostedResult,
    Image,
    OutputFormat,
    Part,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from translators.hosted_words import words_of

IMAGE_TOKENS: Final = 1200
"""About what a full-sized image costs at any vendor; what it really costs depends on its pixels."""
SMALL_IMAGE_TOKENS: Final = 85
"""With detail low. Source: OpenAI's vision guide."""

REQUEST_TOKENS: Final = 4
MESSAGE_TOKENS: Final = 4
CALL_TOKENS: Final = 10
TOOL_TOKENS: Final = 8
TOOLS_TOKENS: Final = 20

_SCHEMA_SHARE: Final = 0.5
"""Vendors show the model a schema in a shorter form than its JSON: OpenAI's costs a third, others' nearly all."""

_BASE64_PER_TOKEN: Final = 27
"""Of a document: a PDF page of 50 KB costs some 2500 tokens."""
_BASE64_PER_AUDIO_TOKEN: Final = 2000

_LETTERS: Final = bytes(code for code in range(128) if chr(code).isalpha() or chr(code).isspace())
_ASCII: Final = bytes(range(128))
_TWO: Final = bytes(range(0xC0, 0xE0))
_THREE: Final = bytes(range(0xE0, 0xF0))
_FOUR: Final = bytes(range(0xF0, 0xF8))


def estimate(conversation: Conversation) -> int:
    """Tokens of the whole prompt: system, messages, tools, output format. At least 1."""
    total = REQUEST_TOKENS + sum(of_text(text.text) for text in conversation.system)
    for message in conversation.messages:
        total += MESSAGE_TOKENS + _of_parts(message.parts)
    total += _of_tools(conversation.tools) + _of_format(conversation.output_format)
    return max(1, round(total))


def of_text(text: str) -> float:
    """Tokens of a text, not rounded."""
    data = text.encode("utf-8", "surrogatepass")
    if text.isascii():
        return _of_ascii(data)
    size = len(data)
    others = data.translate(None, _ASCII)
    two = len(others) - len(others.translate(None, _TWO))
    three = len(others) - len(others.translate(None, _THREE))
    four = len(others) - len(others.translate(None, _FOUR))
    ascii_only = _of_ascii(data.translate(None, bytes(range(128, 256)))) if len(others) < size else 0.0
    return ascii_only + two / 2.2 + three / 1.1 + four / 0.5


def _of_ascii(data: bytes) -> float:
    signs = len(data.translate(None, _LETTERS))
    return (len(data) - signs) / 4.7 + signs / 2.2


def _of_parts(parts: Iterable[Part]) -> float:
    return sum(_of_part(part) for part in parts)


def _of_part(part: Part) -> float:
    match part:
        case Text(text=text) | Refusal(text=text) | Thinking(text=text):
            return of_text(text)
        case ToolCall(name=name, arguments=arguments):
            return CALL_TOKENS + of_text(name) + of_text(arguments)
        case ToolResult(parts=parts):
            return CALL_TOKENS + _of_parts(parts)
        case Image(detail=detail):
            return SMALL_IMAGE_TOKENS if detail == "low" else IMAGE_TOKENS
        case File(text=text, data=data, name=name):
            return of_text(name) + of_text(text) + len(data) / _BASE64_PER_TOKEN
        case Audio(data=data) | Video(data=data):
            return len(data) / _BASE64_PER_AUDIO_TOKEN
        case HostedCall() | HostedResult():
            return CALL_TOKENS + of_text(words_of(part))


def _of_tools(tools: tuple[Tool, ...]) -> float:
    if not tools:
        return 0.0
    return TOOLS_TOKENS + sum(
        TOOL_TOKENS
        + of_text(tool.name)
        + of_text(tool.description)
        + (0.0 if tool.schema is None else _of_ascii(bytes(tool.schema)) * _SCHEMA_SHARE)
        for tool in tools
    )


def _of_format(wanted: OutputFormat | None) -> float:
    return 0.0 if wanted is None or wanted.schema is None else _of_ascii(bytes(wanted.schema))
