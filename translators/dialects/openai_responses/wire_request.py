"""Responses on the wire: requests. The same Structs read what a client sends and write what an upstream gets.

Source: the types of the openai Python SDK 3.52, and what Codex was seen to send. Items and parts of all types share a
Struct: messages come without a type, and which fields a type has is the business of who reads it.
"""

from typing import Any, Final

from msgspec import UNSET, Raw, Struct, UnsetType


class Breakpoint(Struct, omit_defaults=True):
    mode: str | None = None
    ttl: str | None = None


class Part(Struct, omit_defaults=True):
    """A piece of a message, of an output, of a summary or of reasoning."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    detail: str | None = None
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None
    input_audio: Raw | UnsetType = UNSET
    annotations: Raw | UnsetType = UNSET
    logprobs: Raw | UnsetType = UNSET
    prompt_cache_breakpoint: Breakpoint | None = None


class Item(Struct, omit_defaults=True):
    """A piece of the input. A message may come without a type."""

    type: str | None = None
    id: str | None = None
    status: str | None = None
    role: str | None = None
    content: str | list[Part] | None = None
    phase: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    server_label: str | None = None
    arguments: str | dict[str, Raw] | None = None
    input: str | None = None
    output: str | list[Part] | dict[str, Raw] | None = None
    error: Raw | UnsetType = UNSET
    summary: list[Part] | None = None
    encrypted_content: str | None = None
    action: Raw | UnsetType = UNSET
    queries: list[str] | None = None
    results: Raw | UnsetType = UNSET
    code: str | None = None
    container_id: str | None = None
    outputs: Raw | UnsetType = UNSET
    result: str | None = None
    output_format: str | None = None
    tools: "list[Tool] | None" = None


class Format(Struct, omit_defaults=True):
    """What a free-form tool's input looks like."""

    type: str = ""
    syntax: str | None = None
    definition: str | None = None


class Location(Struct, omit_defaults=True):
    """Where the user is, for a search."""

    type: str | None = None
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class Tool(Struct, omit_defaults=True):
    """A function, a free-form tool, a namespace of such, or one of the vendor's own."""

    type: str = ""
    name: str | None = None
    description: str | None = None
    parameters: Raw | UnsetType = UNSET
    strict: bool | UnsetType | None = UNSET
    format: Format | None = None
    tools: "list[Tool] | None" = None
    filters: Raw | UnsetType = UNSET
    search_context_size: str | None = None
    user_location: Location | None = None
    vector_store_ids: Raw | UnsetType = UNSET
    container: Raw | UnsetType = UNSET
    defer_loading: bool | None = None
    external_web_access: Raw | UnsetType = UNSET
    allowed_callers: Raw | UnsetType = UNSET
    output_schema: Raw | UnsetType = UNSET


class Chosen(Struct, omit_defaults=True):
    """One tool of a choice."""

    type: str = ""
    name: str | None = None
    namespace: str | None = None


class Choice(Struct, omit_defaults=True):
    """`tool_choice` where it is an object. `mode` and `tools` belong to allowed_tools."""

    type: str = ""
    name: str | None = None
    namespace: str | None = None
    mode: str | None = None
    tools: list[Chosen] | None = None


class TextFormat(Struct, omit_defaults=True):
    type: str = "text"
    name: str | None = None
    description: str | None = None
    schema: Raw | UnsetType = UNSET
    strict: bool | None = None


class TextConfig(Struct, omit_defaults=True):
    format: TextFormat | None = None
    verbosity: str | None = None


class Reasoning(Struct, omit_defaults=True):
    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None
    context: str | None = None
    mode: str | None = None


class Request(Struct, omit_defaults=True):
    """The body of POST /v1/responses."""

    model: str = ""
    instructions: str | None = None
    input: str | list[Item] | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Choice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    reasoning: Reasoning | None = None
    text: TextConfig | None = None
    stream: bool | None = None
    store: bool | None = None
    user: str | None = None
    service_tier: str | None = None
    truncation: str | None = None
    previous_response_id: str | None = None
    metadata: Raw | UnsetType = UNSET
    moderation: Raw | UnsetType = UNSET
    prompt_cache_key: Raw | UnsetType = UNSET
    prompt_cache_options: Raw | UnsetType = UNSET
    prompt_cache_retention: Raw | UnsetType = UNSET
    safety_identifier: Raw | UnsetType = UNSET
    access_programs: Raw | UnsetType = UNSET
    background: Raw | UnsetType = UNSET
    client_metadata: Raw | UnsetType = UNSET
    context_management: Raw | UnsetType = UNSET
    conversation: Raw | UnsetType = UNSET
    generate: Raw | UnsetType = UNSET
    image: Raw | UnsetType = UNSET
    max_tool_calls: Raw | UnsetType = UNSET
    prompt: Raw | UnsetType = UNSET
    stream_options: Raw | UnsetType = UNSET


SHARED_EXTRAS: Final = (
    "metadata",
    "moderation",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
)
"""Fields without a neutral form that other dialects have too, under the same name."""

OWN_EXTRAS: Final = (
    "access_programs",
    "background",
    "client_metadata",
    "context_management",
    "generate",
    "image",
    "max_tool_calls",
    "stream_options",
)
"""Fields that only this dialect has."""


class Echo(Struct):
    """What a reply repeats of its request."""

    instructions: Raw | UnsetType = UNSET
    max_output_tokens: Raw | UnsetType = UNSET
    max_tool_calls: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    parallel_tool_calls: Raw | UnsetType = UNSET
    prompt_cache_key: Raw | UnsetType = UNSET
    reasoning: Raw | UnsetType = UNSET
    safety_identifier: Raw | UnsetType = UNSET
    service_tier: Raw | UnsetType = UNSET
    store: Raw | UnsetType = UNSET
    temperature: Raw | UnsetType = UNSET
    text: Raw | UnsetType = UNSET
    tool_choice: Raw | UnsetType = UNSET
    tools: Raw | UnsetType = UNSET
    top_logprobs: Raw | UnsetType = UNSET
    top_p: Raw | UnsetType = UNSET
    truncation: Raw | UnsetType = UNSET
    user: Raw | UnsetType = UNSET


def given(struct: Struct, names: tuple[str, ...]) -> dict[str, Raw]:
    """The fields of those names that say something; null says nothing."""
    values: dict[str, Any] = {name: getattr(struct, name) for name in names}
    return {name: raw for name, raw in values.items() if raw is not UNSET and bytes(raw) != b"null"}
