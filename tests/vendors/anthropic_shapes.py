"""What Anthropic's Messages API takes, field by field, as its SDK declares it."""

from typing import Final

from tests.vendors.shape import (
    Check,
    Shape,
    anything,
    boolean,
    integer,
    many,
    mapping,
    nullable,
    number,
    string,
    string_or,
    tagged,
    words,
)

IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")

CACHE: Final = Shape(
    "anthropic.types.CacheControlEphemeralParam",
    required={"type": words("ephemeral")},
    optional={"ttl": words("5m", "1h"), "scope": words("global")},  # the scope: with a beta only, see the rules
)
MARK: Final[dict[str, Check]] = {"cache_control": nullable(CACHE)}

CITATIONS: Final = Shape("anthropic.types.CitationsConfigParam", required={}, optional={"enabled": boolean})

TEXT: Final = Shape(
    "anthropic.types.TextBlockParam",
    required={"type": words("text"), "text": string},
    optional={**MARK, "citations": nullable(many(mapping))},
)
BASE64_IMAGE: Final = Shape(
    "anthropic.types.Base64ImageSourceParam",
    required={"type": words("base64"), "media_type": words(*IMAGE_TYPES), "data": string},
)
URL_IMAGE: Final = Shape("anthropic.types.URLImageSourceParam", required={"type": words("url"), "url": string})
FILE_IMAGE: Final = Shape("anthropic.types.FileImageSourceParam", required={"type": words("file"), "file_id": string})
IMAGE: Final = Shape(
    "anthropic.types.ImageBlockParam",
    required={
        "type": words("image"),
        "source": tagged("type", {"base64": BASE64_IMAGE, "url": URL_IMAGE, "file": FILE_IMAGE}),
    },
    optional={**MARK, "transformations": nullable(mapping)},
)
BASE64_PDF: Final = Shape(
    "anthropic.types.Base64PDFSourceParam",
    required={"type": words("base64"), "media_type": words("application/pdf"), "data": string},
)
PLAIN_TEXT: Final = Shape(
    "anthropic.types.PlainTextSourceParam",
    required={"type": words("text"), "media_type": words("text/plain"), "data": string},
)
URL_PDF: Final = Shape("anthropic.types.URLPDFSourceParam", required={"type": words("url"), "url": string})
FILE_DOCUMENT: Final = Shape(
    "anthropic.types.FileDocumentSourceParam", required={"type": words("file"), "file_id": string}
)
BLOCKS_AS_SOURCE: Final = Shape(
    "anthropic.types.ContentBlockSourceParam",
    required={"type": words("content"), "content": string_or(many(tagged("type", {"text": TEXT, "image": IMAGE})))},
)
DOCUMENT: Final = Shape(
    "anthropic.types.DocumentBlockParam",
    required={
        "type": words("document"),
        "source": tagged(
            "type",
            {
                "base64": BASE64_PDF,
                "text": PLAIN_TEXT,
                "url": URL_PDF,
                "file": FILE_DOCUMENT,
                "content": BLOCKS_AS_SOURCE,
            },
        ),
    },
    optional={
        **MARK,
        "citations": nullable(CITATIONS),
        "context": nullable(string),
        "title": nullable(string),
    },
)
SEARCH_RESULT: Final = Shape(
    "anthropic.types.SearchResultBlockParam",
    required={"type": words("search_result"), "content": many(TEXT), "source": string, "title": string},
    optional={**MARK, "citations": CITATIONS},
)
THINKING: Final = Shape(
    "anthropic.types.ThinkingBlockParam",
    required={"type": words("thinking"), "thinking": string, "signature": string},
)
REDACTED: Final = Shape(
    "anthropic.types.RedactedThinkingBlockParam", required={"type": words("redacted_thinking"), "data": string}
)
TOOL_USE: Final = Shape(
    "anthropic.types.ToolUseBlockParam",
    required={"type": words("tool_use"), "id": string, "name": string, "input": mapping},
    optional={**MARK, "caller": mapping, "toolset_name": nullable(string)},
)
TOOL_REFERENCE: Final = Shape(
    "anthropic.types.ToolReferenceBlockParam",
    required={"type": words("tool_reference"), "tool_name": string},
    optional=MARK,
)
TOOL_RESULT: Final = Shape(
    "anthropic.types.ToolResultBlockParam",
    required={"type": words("tool_result"), "tool_use_id": string},
    optional={
        **MARK,
        "content": string_or(
            many(
                tagged(
                    "type",
                    {
                        "text": TEXT,
                        "image": IMAGE,
                        "document": DOCUMENT,
                        "search_result": SEARCH_RESULT,
                        "tool_reference": TOOL_REFERENCE,
                    },
                )
            )
        ),
        "is_error": boolean,
        "toolset_name": nullable(string),
    },
)
SERVER_TOOL_USE: Final = Shape(
    "anthropic.types.ServerToolUseBlockParam",
    required={"type": words("server_tool_use"), "id": string, "name": string, "input": mapping},
    optional={**MARK, "caller": mapping},
)
WEB_SEARCH_RESULT: Final = Shape(
    "anthropic.types.WebSearchToolResultBlockParam",
    required={"type": words("web_search_tool_result"), "tool_use_id": string, "content": anything},
    optional={**MARK, "caller": mapping},
)

USER_BLOCK: Final = tagged(
    "type",
    {
        "text": TEXT,
        "image": IMAGE,
        "document": DOCUMENT,
        "search_result": SEARCH_RESULT,
        "tool_result": TOOL_RESULT,
    },
)
ASSISTANT_BLOCK: Final = tagged(
    "type",
    {
        "text": TEXT,
        "thinking": THINKING,
        "redacted_thinking": REDACTED,
        "tool_use": TOOL_USE,
        "server_tool_use": SERVER_TOOL_USE,
        "web_search_tool_result": WEB_SEARCH_RESULT,
    },
)

USER: Final = Shape(
    "anthropic.types.UserMessageParam",
    required={"role": words("user"), "content": string_or(many(USER_BLOCK))},
)
ASSISTANT: Final = Shape(
    "anthropic.types.AssistantMessageParam",
    required={"role": words("assistant"), "content": string_or(many(ASSISTANT_BLOCK))},
)
SYSTEM: Final = Shape(
    "anthropic.types.SystemMessageParam",
    required={"role": words("system"), "content": string_or(many(TEXT))},
)

TOOL: Final = Shape(
    "anthropic.types.ToolParam",
    required={"name": string, "input_schema": mapping},
    optional={
        **MARK,
        "type": nullable(words("custom")),
        "description": string,
        "strict": boolean,
        "defer_loading": boolean,
        "eager_input_streaming": nullable(boolean),
        "input_examples": many(mapping),
        "allowed_callers": many(string),
    },
)

PARALLEL: Final[dict[str, Check]] = {"disable_parallel_tool_use": boolean}
CHOOSE_AUTO: Final = Shape("anthropic.types.ToolChoiceAutoParam", required={"type": words("auto")}, optional=PARALLEL)
CHOOSE_ANY: Final = Shape("anthropic.types.ToolChoiceAnyParam", required={"type": words("any")}, optional=PARALLEL)
CHOOSE_TOOL: Final = Shape(
    "anthropic.types.ToolChoiceToolParam", required={"type": words("tool"), "name": string}, optional=PARALLEL
)
CHOOSE_NONE: Final = Shape("anthropic.types.ToolChoiceNoneParam", required={"type": words("none")})

DISPLAY: Final[dict[str, Check]] = {"display": nullable(words("summarized", "omitted"))}
THINKING_ENABLED: Final = Shape(
    "anthropic.types.ThinkingConfigEnabledParam",
    required={"type": words("enabled"), "budget_tokens": integer},
    optional=DISPLAY,
)
THINKING_DISABLED: Final = Shape("anthropic.types.ThinkingConfigDisabledParam", required={"type": words("disabled")})
THINKING_ADAPTIVE: Final = Shape(
    "anthropic.types.ThinkingConfigAdaptiveParam", required={"type": words("adaptive")}, optional=DISPLAY
)

JSON_FORMAT: Final = Shape(
    "anthropic.types.JSONOutputFormatParam", required={"type": words("json_schema"), "schema": mapping}
)
OUTPUT: Final = Shape(
    "anthropic.types.OutputConfigParam",
    required={},
    optional={
        "effort": nullable(words("low", "medium", "high", "xhigh", "max")),
        "format": nullable(JSON_FORMAT),
    },
)
METADATA: Final = Shape("anthropic.types.MetadataParam", required={}, optional={"user_id": nullable(string)})


def _tool(value: object, at: tuple[str | int, ...]) -> None:
    """Tools with a type of their own run at the vendor: only their name and type are looked at."""
    mapping(value, at)
    assert isinstance(value, dict)
    if value.get("type") in (None, "custom"):
        TOOL(value, at)
    else:
        string(value.get("type"), (*at, "type"))
        string(value.get("name"), (*at, "name"))


SHARED: Final[dict[str, Check]] = {
    **MARK,
    "output_config": OUTPUT,
    "speed": nullable(words("standard", "fast")),
    "system": string_or(many(TEXT)),
    "thinking": tagged(
        "type", {"enabled": THINKING_ENABLED, "disabled": THINKING_DISABLED, "adaptive": THINKING_ADAPTIVE}
    ),
    "tool_choice": tagged("type", {"auto": CHOOSE_AUTO, "any": CHOOSE_ANY, "tool": CHOOSE_TOOL, "none": CHOOSE_NONE}),
    "tools": many(_tool),
}
MESSAGES: Final = many(tagged("role", {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}))

REQUEST: Final = Shape(
    "anthropic.types.message_create_params.MessageCreateParamsBase",
    required={"max_tokens": integer, "messages": MESSAGES, "model": string},
    optional={
        **SHARED,
        "container": nullable(anything),
        "diagnostics": nullable(mapping),
        "inference_geo": nullable(string),
        "metadata": METADATA,
        "service_tier": words("auto", "standard_only"),
        "stop_sequences": many(string),
        "stream": boolean,
        "temperature": number,
        "top_k": integer,
        "top_p": number,
    },
)
COUNT: Final = Shape(
    "anthropic.types.MessageCountTokensParams",
    required={"messages": MESSAGES, "model": string},
    optional=SHARED,
)
BETA_FIELDS: Final[dict[str, Check]] = {
    "context_management": nullable(mapping),
    "mcp_servers": many(mapping),
    "output_format": nullable(JSON_FORMAT),
}
"""Fields that need an `anthropic-beta` header. Source: anthropic.types.beta.message_create_params."""

BETA_REQUEST: Final = Shape(
    "anthropic.types.beta.message_create_params.MessageCreateParamsBase",
    required=REQUEST.required,
    optional={**REQUEST.optional, **BETA_FIELDS},
)
BETA_COUNT: Final = Shape(
    "anthropic.types.beta.message_count_tokens_params.MessageCountTokensParams",
    required=COUNT.required,
    optional={**COUNT.optional, **BETA_FIELDS},
)
