"""Chat completions on the wire: replies, whole and streamed, of OpenAI and of its compatibles.

A chunk's `delta` and a whole reply's `message` are one Struct, so that both are read by one machine. Only what is
looked at is declared; the rest is stepped over.
"""

from msgspec import UNSET, Raw, Struct, UnsetType


class PromptDetails(Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionDetails(Struct, gc=False):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class ServerToolUse(Struct, gc=False):
    """OpenRouter's."""

    web_search_requests: int | None = None


class Usage(Struct, gc=False):
    """`prompt_cache_hit_tokens` is DeepSeek's, `cached_tokens` beside the others Moonshot's and Together's."""

    server_tool_use_details: ServerToolUse | None = None
    server_tool_use: ServerToolUse | None = None

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


class CustomPiece(Struct, gc=False):
    name: str | None = None
    input: str | None = None


class CallPiece(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: FunctionPiece | None = None
    custom: CustomPiece | None = None


class UrlCitation(Struct, gc=False):
    """`content` is OpenRouter's: words of the page."""

    url: str | None = None
    title: str | None = None
    start_index: int | None = None
    end_index: int | None = None
    content: str | None = None


class Annotation(Struct, gc=False):
    type: str | None = None
    url_citation: UrlCitation | None = None


class AudioPiece(Struct, gc=False):
    """Base64 data and the words that it says."""

    data: str | None = None
    transcript: str | None = None


class ImageUrl(Struct, gc=False):
    url: str | None = None


class ImageOut(Struct, gc=False):
    """OpenRouter's: a picture that the model made."""

    image_url: ImageUrl | None = None


class TokenChances(Struct, gc=False):
    token: str = ""
    logprob: float = 0.0
    bytes: list[int] | None = None
    top_logprobs: "list[TokenChances] | None" = None


class LogprobsPiece(Struct, gc=False):
    content: list[TokenChances] | None = None
    refusal: list[TokenChances] | None = None


class Delta(Struct, gc=False):
    content: str | list[ContentPiece] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None
    function_call: FunctionPiece | None = None
    annotations: list[Annotation] | None = None
    audio: AudioPiece | None = None
    images: list[ImageOut] | None = None


class Choice(Struct, gc=False):
    index: int | None = None
    delta: Delta | None = None
    finish_reason: str | None = None
    message: Delta | None = None
    logprobs: LogprobsPiece | None = None


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
