"""A Messages request as it stands on the wire, read and written by the same Structs.

Source: the request types of the official SDK (anthropic 2.11, `types/message_create_params.py` and what it names).
Blocks that have no Struct are unknown types, which the tolerant reader drops as losses.
None of them can be part of a cycle, so that the garbage collector need not look at them (`gc=False`).
"""

from typing import Final, Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from translators.dialects.anthropic.citations import Location

ABSENT: Final = Raw(b"")


class CacheControl(Struct, gc=False):
    """A breakpoint of the prompt cache."""

    type: str = "ephemeral"
    ttl: str | UnsetType | None = UNSET


class Base64Source(Struct, tag_field="type", tag="base64", gc=False):
    media_type: str
    data: str


class UrlSource(Struct, tag_field="type", tag="url", gc=False):
    url: str


class FileSource(Struct, tag_field="type", tag="file", gc=False):
    file_id: str


class TextSource(Struct, tag_field="type", tag="text", gc=False):
    data: str
    media_type: str = "text/plain"


class Citing(Struct, omit_defaults=True, gc=False):
    """Whether words that come from a document shall say so."""

    enabled: bool | None = None


class TextBlock(Struct, tag_field="type", tag="text", omit_defaults=True, gc=False):
    text: str
    cache_control: CacheControl | None = None
    citations: list[Location] | None = None


class ImageBlock(Struct, tag_field="type", tag="image", omit_defaults=True, gc=False):
    source: Base64Source | UrlSource | FileSource
    cache_control: CacheControl | None = None
    transformations: Raw = ABSENT


class ContentSource(Struct, tag_field="type", tag="content", gc=False):
    content: str | list[TextBlock | ImageBlock]


type DocumentSource = Base64Source | UrlSource | FileSource | TextSource | ContentSource


class DocumentBlock(Struct, tag_field="type", tag="document", omit_defaults=True, gc=False):
    source: DocumentSource
    title: str | None = None
    context: str | None = None
    cache_control: CacheControl | None = None
    citations: Citing | None = None


class SearchResultBlock(Struct, tag_field="type", tag="search_result", omit_defaults=True, gc=False):
    source: str
    title: str
    content: list[TextBlock]
    cache_control: CacheControl | None = None
    citations: Citing | None = None


class ThinkingBlock(Struct, tag_field="type", tag="thinking", gc=False):
    thinking: str
    signature: str | None = ""


class RedactedThinkingBlock(Struct, tag_field="type", tag="redacted_thinking", gc=False):
    data: str


class ToolUseBlock(Struct, tag_field="type", tag="tool_use", omit_defaults=True, gc=False):
    id: str
    name: str
    input: Raw
    cache_control: CacheControl | None = None
    caller: Raw = ABSENT
    toolset_name: str | None = None


class ServerToolUseBlock(Struct, tag_field="type", tag="server_tool_use", omit_defaults=True, gc=False):
    """A call of a tool that runs at the vendor."""

    id: str
    name: str
    input: Raw
    cache_control: CacheControl | None = None
    caller: Raw = ABSENT


class ServerResultBlock(Struct, tag_field="type", omit_defaults=True, gc=False):
    """What such a tool gave back."""

    tool_use_id: str
    content: Raw
    cache_control: CacheControl | None = None
    caller: Raw = ABSENT


class WebSearchResultBlock(ServerResultBlock, tag="web_search_tool_result"):
    pass


class WebFetchResultBlock(ServerResultBlock, tag="web_fetch_tool_result"):
    pass


class CodeResultBlock(ServerResultBlock, tag="code_execution_tool_result"):
    pass


class BashResultBlock(ServerResultBlock, tag="bash_code_execution_tool_result"):
    pass


class EditorResultBlock(ServerResultBlock, tag="text_editor_code_execution_tool_result"):
    pass


class McpUseBlock(Struct, tag_field="type", tag="mcp_tool_use", omit_defaults=True, gc=False):
    """A call of a tool at a server that the vendor asks."""

    id: str
    name: str
    server_name: str
    input: Raw
    cache_control: CacheControl | None = None


class McpResultBlock(Struct, tag_field="type", tag="mcp_tool_result", omit_defaults=True, gc=False):
    """What such a tool gave back."""

    tool_use_id: str
    content: str | list[TextBlock] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class ToolReferenceBlock(Struct, tag_field="type", tag="tool_reference", omit_defaults=True, gc=False):
    """What a search among deferred tools found."""

    tool_name: str
    cache_control: CacheControl | None = None


type ResultBlock = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ToolReferenceBlock


class ToolResultBlock(Struct, tag_field="type", tag="tool_result", omit_defaults=True, gc=False):
    tool_use_id: str
    content: str | list[ResultBlock] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None
    toolset_name: str | None = None


type HostedResultBlock = (
    WebSearchResultBlock | WebFetchResultBlock | CodeResultBlock | BashResultBlock | EditorResultBlock
)
type Block = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ToolResultBlock
    | ServerToolUseBlock
    | WebSearchResultBlock
    | WebFetchResultBlock
    | CodeResultBlock
    | BashResultBlock
    | EditorResultBlock
    | McpUseBlock
    | McpResultBlock
)


class Message(Struct, gc=False):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class UserLocation(Struct, omit_defaults=True, gc=False):
    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None
    type: str = ""


class Tool(Struct, omit_defaults=True, gc=False):
    """A tool of the client's, or with another `type` one that runs at the vendor (those may have no name).

    `TOOL_WISHES` are what Anthropic alone knows of a tool.
    """

    name: str = ""
    description: str | None = None
    input_schema: Raw = ABSENT
    strict: bool | None = None
    cache_control: CacheControl | None = None
    type: str | None = None
    max_uses: int | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    user_location: UserLocation | None = None
    allowed_callers: Raw = ABSENT
    citations: Raw = ABSENT
    defer_loading: Raw = ABSENT
    eager_input_streaming: Raw = ABSENT
    input_examples: Raw = ABSENT
    max_content_tokens: Raw = ABSENT
    response_inclusion: Raw = ABSENT
    url_sources: Raw = ABSENT
    use_cache: Raw = ABSENT


TOOL_WISHES: Final[tuple[str, ...]] = tuple(
    field for field in Tool.__struct_fields__ if Tool.__annotations__[field] is Raw and field != "input_schema"
)


class ToolChoice(Struct, omit_defaults=True, gc=False):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingConfig(Struct, omit_defaults=True, gc=False):
    """`type`: enabled, disabled, adaptive, between_tools; more may come."""

    type: str
    budget_tokens: int | None = None
    display: str | None = None


class FormatConfig(Struct, gc=False):
    """Structured output."""

    schema: Raw
    type: str = "json_schema"


class OutputConfig(Struct, omit_defaults=True, gc=False):
    effort: str | None = None
    format: FormatConfig | None = None


class Metadata(Struct, gc=False):
    user_id: str | None = None


class Request(Struct, omit_defaults=True, gc=False):
    """The body of /v1/messages and, less its limits, of /v1/messages/count_tokens. `EXTRAS` only move."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    system: str | list[TextBlock] | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stream: bool | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    output_format: FormatConfig | None = None
    metadata: Metadata | None = None
    service_tier: str | None = None
    betas: Raw = ABSENT
    billing_policy: Raw = ABSENT
    cache_control: Raw = ABSENT
    compaction: Raw = ABSENT
    container: Raw = ABSENT
    context_management: Raw = ABSENT
    diagnostics: Raw = ABSENT
    fallback_credit_token: Raw = ABSENT
    fallbacks: Raw = ABSENT
    inference_geo: Raw = ABSENT
    mcp_servers: Raw = ABSENT
    speed: Raw = ABSENT
    thread: Raw = ABSENT
    user_profile_id: Raw = ABSENT
    workspace_id: Raw = ABSENT


EXTRAS: Final[tuple[str, ...]] = tuple(
    field for field in Request.__struct_fields__ if Request.__annotations__[field] is Raw
)
