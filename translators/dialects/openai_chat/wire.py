"""Chat completions on the wire: requests. The same Structs read what a client sends and write what an upstream gets.

Source: the types of the openai Python SDK 3.52; the fields that only compatible vendors know say so. Nearly everything
is optional here: what is missing is a complaint of decode.py, with its path.
"""

from typing import Any, Final

from msgspec import UNSET, Raw, Struct, UnsetType

from translators.dialects.openai_chat.wire_tools import (
    AnyTool,
    CacheControl,
    Choice,
    FunctionSpec,
    Named,
    WebSearchOptions,
)


class Breakpoint(Struct, omit_defaults=True):
    """OpenAI's own cache mark."""

    mode: str = ""
    ttl: str | None = None


class TextPart(Struct, tag="text", omit_defaults=True):
    text: str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: Breakpoint | None = None


class ImageUrl(Struct, omit_defaults=True):
    url: str
    detail: str | None = None


class ImagePart(Struct, tag="image_url", omit_defaults=True):
    """`image_url` as a bare string is what some clients send."""

    image_url: ImageUrl | str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: Breakpoint | None = None


class InputAudio(Struct):
    data: str
    format: str


class AudioPart(Struct, tag="input_audio", omit_defaults=True):
    input_audio: InputAudio
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: Breakpoint | None = None


class VideoUrl(Struct):
    url: str


class VideoPart(Struct, tag="video_url", omit_defaults=True):
    """OpenRouter's, DashScope's and vLLM's."""

    video_url: VideoUrl | str
    cache_control: CacheControl | None = None


class FileData(Struct, omit_defaults=True):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class FilePart(Struct, tag="file", omit_defaults=True):
    file: FileData
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: Breakpoint | None = None


class RefusalPart(Struct, tag="refusal"):
    refusal: str


class ThinkingPart(Struct, tag="thinking"):
    """Mistral's."""

    thinking: str | list[TextPart]


ContentPart = TextPart | ImagePart | AudioPart | VideoPart | FilePart | RefusalPart | ThinkingPart
Content = str | list[ContentPart] | None


class Function(Struct, omit_defaults=True):
    """The function of a call."""

    name: str = ""
    arguments: str | UnsetType = UNSET


class CustomCall(Struct):
    name: str = ""
    input: str = ""


class ToolCall(Struct, omit_defaults=True):
    """`type` is never left out on the way to an upstream, hence no default there."""

    id: str = ""
    type: str | UnsetType = UNSET
    function: Function | None = None
    custom: CustomCall | None = None


class SystemMessage(Struct, tag="system", tag_field="role", omit_defaults=True):
    content: Content | UnsetType = UNSET
    name: str | None = None
    cache_control: CacheControl | None = None


class DeveloperMessage(Struct, tag="developer", tag_field="role", omit_defaults=True):
    content: Content | UnsetType = UNSET
    name: str | None = None
    cache_control: CacheControl | None = None


class UserMessage(Struct, tag="user", tag_field="role", omit_defaults=True):
    content: Content | UnsetType = UNSET
    name: str | None = None
    cache_control: CacheControl | None = None


class AssistantMessage(Struct, tag="assistant", tag_field="role", omit_defaults=True):
    """`reasoning_content` (DeepSeek and most) and `reasoning` (OpenRouter, Groq, vLLM) are compatibles' words."""

    content: Content | UnsetType = UNSET
    name: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    audio: Raw | UnsetType = UNSET
    cache_control: CacheControl | None = None


class ToolMessage(Struct, tag="tool", tag_field="role", omit_defaults=True):
    tool_call_id: str = ""
    content: Content | UnsetType = UNSET
    cache_control: CacheControl | None = None


class FunctionMessage(Struct, tag="function", tag_field="role", omit_defaults=True):
    """Legacy: the result of a `function_call`."""

    name: str = ""
    content: Content | UnsetType = UNSET


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage


class JsonSchema(Struct, omit_defaults=True):
    name: str = ""
    description: str | None = None
    schema: Raw | UnsetType = UNSET
    strict: bool | None = None


class ResponseFormat(Struct, omit_defaults=True):
    type: str | UnsetType = UNSET
    json_schema: JsonSchema | None = None


class StreamOptions(Struct, omit_defaults=True):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Reasoning(Struct):
    """OpenRouter's."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    exclude: bool | None = None


class Thinking(Struct):
    """Anthropic's form, which DeepSeek, Moonshot and Zhipu take in chat requests."""

    type: str | None = None
    budget_tokens: int | None = None


class Request(Struct, omit_defaults=True):
    """The body of POST /v1/chat/completions."""

    model: str = ""
    messages: list[Message] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    reasoning_effort: str | None = None
    reasoning: Reasoning | None = None
    thinking: Thinking | None = None
    response_format: ResponseFormat | None = None
    tools: list[AnyTool] | None = None
    tool_choice: str | Choice | None = None
    parallel_tool_calls: bool | None = None
    functions: list[FunctionSpec] | None = None
    function_call: str | Named | None = None
    user: str | None = None
    service_tier: str | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    web_search_options: WebSearchOptions | None = None
    audio: Raw | UnsetType = UNSET
    logit_bias: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    modalities: Raw | UnsetType = UNSET
    moderation: Raw | UnsetType = UNSET
    prediction: Raw | UnsetType = UNSET
    prompt_cache_key: Raw | UnsetType = UNSET
    prompt_cache_options: Raw | UnsetType = UNSET
    prompt_cache_retention: Raw | UnsetType = UNSET
    safety_identifier: Raw | UnsetType = UNSET
    store: Raw | UnsetType = UNSET
    verbosity: Raw | UnsetType = UNSET
    chat_template_kwargs: Raw | UnsetType = UNSET
    enable_thinking: Raw | UnsetType = UNSET
    min_p: Raw | UnsetType = UNSET
    models: Raw | UnsetType = UNSET
    plugins: Raw | UnsetType = UNSET
    provider: Raw | UnsetType = UNSET
    repetition_penalty: Raw | UnsetType = UNSET
    route: Raw | UnsetType = UNSET
    transforms: Raw | UnsetType = UNSET


GENUINE_EXTRAS: Final[tuple[str, ...]] = (
    "audio",
    "logit_bias",
    "metadata",
    "modalities",
    "moderation",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "verbosity",
)
"""Fields of OpenAI's own that have no neutral form."""

COMPATIBLE_EXTRAS: Final[tuple[str, ...]] = (
    "chat_template_kwargs",
    "enable_thinking",
    "min_p",
    "models",
    "plugins",
    "provider",
    "repetition_penalty",
    "route",
    "transforms",
)
"""Fields of compatible vendors (OpenRouter, vLLM, DashScope) that have no neutral form; OpenAI refuses them."""

EXTRAS: Final = GENUINE_EXTRAS + COMPATIBLE_EXTRAS


def extras_of(request: Request) -> dict[str, Raw]:
    """The fields that have no neutral form and were given; null says nothing."""
    given: dict[str, Any] = {key: value for key in EXTRAS if (value := getattr(request, key)) is not UNSET}
    return {key: value for key, value in given.items() if bytes(value) != b"null"}
