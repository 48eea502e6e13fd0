"""Chat completions on the wire: the tools of a request, and which of them shall be called.

Source: the types of the openai Python SDK 3.52; what only compatible vendors know says so. The other half is wire.py.
"""

from msgspec import UNSET, Raw, Struct, UnsetType


class CacheControl(Struct, omit_defaults=True):
    """Anthropic's cache mark, which OpenRouter, DashScope and others take in chat requests."""

    type: str = "ephemeral"
    ttl: str | None = None


class FunctionSpec(Struct, omit_defaults=True):
    name: str
    description: str | None = None
    parameters: Raw | UnsetType = UNSET
    strict: bool | None = None


class Tool(Struct, tag="function", omit_defaults=True):
    """A function."""

    function: FunctionSpec
    cache_control: CacheControl | None = None


class GrammarSpec(Struct):
    definition: str
    syntax: str


class CustomFormat(Struct, omit_defaults=True):
    """`type`: text, or grammar with its grammar."""

    type: str | UnsetType = UNSET
    grammar: GrammarSpec | None = None


class CustomSpec(Struct, omit_defaults=True):
    name: str
    description: str | None = None
    format: CustomFormat | None = None


class CustomTool(Struct, tag="custom", omit_defaults=True):
    """A tool whose input is free text."""

    custom: CustomSpec
    cache_control: CacheControl | None = None


class Approximate(Struct, omit_defaults=True):
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class UserLocation(Struct, omit_defaults=True):
    """In the options its place stands within `approximate`; some clients write it beside the type."""

    type: str | UnsetType = UNSET
    approximate: Approximate | None = None
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class WebSearchOptions(Struct, omit_defaults=True):
    search_context_size: str | None = None
    user_location: UserLocation | None = None


class SearchFilters(Struct, omit_defaults=True):
    allowed_domains: list[str] | None = None


class WebSearchTool(Struct, tag="web_search", omit_defaults=True):
    """A tool of the Responses API, which many clients write into chat requests, too."""

    search_context_size: str | None = None
    user_location: UserLocation | None = None
    filters: SearchFilters | None = None


class WebSearchPreviewTool(Struct, tag="web_search_preview", omit_defaults=True):
    """Its older name."""

    search_context_size: str | None = None
    user_location: UserLocation | None = None
    filters: SearchFilters | None = None


AnyTool = Tool | CustomTool | WebSearchTool | WebSearchPreviewTool
"""Others are unknown types, which the tolerant way drops as losses."""


class Named(Struct):
    name: str


class AllowedTool(Struct):
    type: str = "function"
    function: Named | None = None
    custom: Named | None = None


class AllowedTools(Struct):
    mode: str = "auto"
    tools: list[AllowedTool] = []


class Choice(Struct, omit_defaults=True):
    """`tool_choice` where it is an object."""

    type: str | UnsetType = UNSET
    function: Named | None = None
    custom: Named | None = None
    allowed_tools: AllowedTools | None = None
