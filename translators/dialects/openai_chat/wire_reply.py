"""Chat completions on the wire: replies, whole and streamed, of OpenAI and of its compatibles.

A chunk's `delta` and a whole reply's `message` are one Struct, so that both are read by one machine. Only what is
looked at is declared; the rest is stepped over.
"""

from msgspec import UNSET, Raw, Struct, UnsetType


class PromptDetails(Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class CompletionDetails(Struct, gc=False):
    reasoning_tokens: int | None = None


class Usage(Struct, gc=False):
    """`prompt_cache_hit_tokens` is DeepSeek's, `cached_tokens` beside the others Moonshot's and Together's."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None


class Groq(Struct, gc=False):
    usage: Usage | None = None


class ContentPiece(Struct, gc=False):
    """Mistral's content parts: `text`, or `thinking` with pieces of text in it."""

    type: str = ""
    text: str | None = None
    thinking: "str | list[ContentPiece] | None" = None


class ReasoningDetail(Struct, gc=False):
    """OpenRouter's; an encrypted one has neither text nor summary."""

    text: str | None = None
    summary: str | None = None


class FunctionPiece(Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class CallPiece(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: FunctionPiece | None = None


class Delta(Struct, gc=False):
    content: str | list[ContentPiece] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None
    function_call: FunctionPiece | None = None


class Choice(Struct, gc=False):
    index: int | None = None
    delta: Delta | None = None
    finish_reason: str | None = None
    message: Delta | None = None


class Chunk(Struct, gc=False):
    choices: list[Choice] | None = None
    usage: Usage | None = None
    x_groq: Groq | None = None
    error: Raw | UnsetType = UNSET


class Head(Struct, gc=False):
    """What all chunks of a reply share; read from the first ones only."""

    id: str | None = None
    model: str | None = None
    created: int | None = None


class Completion(Struct, gc=False):
    """A whole reply."""

    id: str | None = None
    model: str | None = None
    created: int | None = None
    choices: list[Choice] | None = None
    usage: Usage | None = None
    x_groq: Groq | None = None
    error: Raw | UnsetType = UNSET
