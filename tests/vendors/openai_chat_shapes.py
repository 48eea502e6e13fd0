"""What OpenAI's chat completions take, field by field, as its SDK declares it."""

from typing import Final

from tests.vendors.shape import (
    Check,
    Json,
    Path,
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

BREAKPOINT: Final = Shape(
    "openai.types.chat.chat_completion_content_part_text_param.PromptCacheBreakpoint",
    required={"mode": words("explicit")},
    optional={"ttl": words("30m", "12h")},
)
MARK: Final[dict[str, Check]] = {"prompt_cache_breakpoint": BREAKPOINT}

TEXT: Final = Shape(
    "openai.types.chat.ChatCompletionContentPartTextParam",
    required={"type": words("text"), "text": string},
    optional=MARK,
)
REFUSAL: Final = Shape(
    "openai.types.chat.ChatCompletionContentPartRefusalParam",
    required={"type": words("refusal"), "refusal": string},
)
IMAGE_URL: Final = Shape(
    "openai.types.chat.chat_completion_content_part_image_param.ImageURL",
    required={"url": string},
    optional={"detail": words("auto", "low", "high", "original")},
)
IMAGE: Final = Shape(
    "openai.types.chat.ChatCompletionContentPartImageParam",
    required={"type": words("image_url"), "image_url": IMAGE_URL},
    optional=MARK,
)
AUDIO_DATA: Final = Shape(
    "openai.types.chat.chat_completion_content_part_input_audio_param.InputAudio",
    required={"data": string, "format": words("wav", "mp3")},
)
AUDIO: Final = Shape(
    "openai.types.chat.ChatCompletionContentPartInputAudioParam",
    required={"type": words("input_audio"), "input_audio": AUDIO_DATA},
    optional=MARK,
)
FILE_DATA: Final = Shape(
    "openai.types.chat.chat_completion_content_part_param.FileFile",
    required={},
    optional={"file_data": string, "file_id": string, "filename": string},
)
FILE: Final = Shape(
    "openai.types.chat.chat_completion_content_part_param.File",
    required={"type": words("file"), "file": FILE_DATA},
    optional=MARK,
)

FUNCTION_CALL: Final = Shape(
    "openai.types.chat.chat_completion_message_function_tool_call_param.Function",
    required={"name": string, "arguments": string},
)
CALL: Final = Shape(
    "openai.types.chat.ChatCompletionMessageFunctionToolCallParam",
    required={"type": words("function"), "id": string, "function": FUNCTION_CALL},
)
CUSTOM_CALL_INPUT: Final = Shape(
    "openai.types.chat.chat_completion_message_custom_tool_call_param.Custom",
    required={"name": string, "input": string},
)
CUSTOM_CALL: Final = Shape(
    "openai.types.chat.ChatCompletionMessageCustomToolCallParam",
    required={"type": words("custom"), "id": string, "custom": CUSTOM_CALL_INPUT},
)

TEXTS: Final = string_or(many(tagged("type", {"text": TEXT})))
NAME: Final[dict[str, Check]] = {"name": string}
SYSTEM: Final = Shape(
    "openai.types.chat.ChatCompletionSystemMessageParam",
    required={"role": words("system"), "content": TEXTS},
    optional=NAME,
)
DEVELOPER: Final = Shape(
    "openai.types.chat.ChatCompletionDeveloperMessageParam",
    required={"role": words("developer"), "content": TEXTS},
    optional=NAME,
)
USER: Final = Shape(
    "openai.types.chat.ChatCompletionUserMessageParam",
    required={
        "role": words("user"),
        "content": string_or(
            many(tagged("type", {"text": TEXT, "image_url": IMAGE, "input_audio": AUDIO, "file": FILE}))
        ),
    },
    optional=NAME,
)
ASSISTANT: Final = Shape(
    "openai.types.chat.ChatCompletionAssistantMessageParam",
    required={"role": words("assistant")},
    optional={
        **NAME,
        "content": nullable(string_or(many(tagged("type", {"text": TEXT, "refusal": REFUSAL})))),
        "refusal": nullable(string),
        "tool_calls": many(tagged("type", {"function": CALL, "custom": CUSTOM_CALL})),
        "function_call": nullable(FUNCTION_CALL),
        "audio": nullable(mapping),
    },
)
TOOL_MESSAGE: Final = Shape(
    "openai.types.chat.ChatCompletionToolMessageParam",
    required={"role": words("tool"), "tool_call_id": string, "content": TEXTS},
)
FUNCTION_MESSAGE: Final = Shape(
    "openai.types.chat.ChatCompletionFunctionMessageParam",
    required={"role": words("function"), "name": string, "content": nullable(string)},
)

FUNCTION: Final = Shape(
    "openai.types.shared_params.FunctionDefinition",
    required={"name": string},
    optional={"description": string, "parameters": mapping, "strict": nullable(boolean)},
)
TOOL: Final = Shape(
    "openai.types.chat.ChatCompletionFunctionToolParam",
    required={"type": words("function"), "function": FUNCTION},
)
CUSTOM: Final = Shape(
    "openai.types.chat.chat_completion_custom_tool_param.Custom",
    required={"name": string},
    optional={"description": string, "format": mapping},
)
CUSTOM_TOOL: Final = Shape(
    "openai.types.chat.ChatCompletionCustomToolParam", required={"type": words("custom"), "custom": CUSTOM}
)
CHOSEN: Final = Shape("openai.types.chat.chat_completion_named_tool_choice_param.Function", required={"name": string})
CHOOSE_FUNCTION: Final = Shape(
    "openai.types.chat.ChatCompletionNamedToolChoiceParam",
    required={"type": words("function"), "function": CHOSEN},
)
CHOOSE_CUSTOM: Final = Shape(
    "openai.types.chat.ChatCompletionNamedToolChoiceCustomParam",
    required={"type": words("custom"), "custom": CHOSEN},
)
CHOOSE_ALLOWED: Final = Shape(
    "openai.types.chat.ChatCompletionAllowedToolChoiceParam",
    required={"type": words("allowed_tools"), "allowed_tools": mapping},
)

JSON_SCHEMA: Final = Shape(
    "openai.types.shared_params.response_format_json_schema.JSONSchema",
    required={"name": string},
    optional={"description": string, "schema": mapping, "strict": nullable(boolean)},
)
FORMAT_TEXT: Final = Shape("openai.types.shared_params.ResponseFormatText", required={"type": words("text")})
FORMAT_OBJECT: Final = Shape(
    "openai.types.shared_params.ResponseFormatJSONObject", required={"type": words("json_object")}
)
FORMAT_SCHEMA: Final = Shape(
    "openai.types.shared_params.ResponseFormatJSONSchema",
    required={"type": words("json_schema"), "json_schema": JSON_SCHEMA},
)
STREAM_OPTIONS: Final = Shape(
    "openai.types.chat.ChatCompletionStreamOptionsParam",
    required={},
    optional={"include_obfuscation": boolean, "include_usage": boolean},
)


def tool_choice(value: Json, at: Path) -> None:
    """A word, or a tool by name."""
    if isinstance(value, str):
        words("none", "auto", "required")(value, at)
    else:
        tagged("type", {"function": CHOOSE_FUNCTION, "custom": CHOOSE_CUSTOM, "allowed_tools": CHOOSE_ALLOWED})(
            value, at
        )


REQUEST: Final = Shape(
    "openai.types.chat.completion_create_params.CompletionCreateParamsBase",
    required={
        "messages": many(
            tagged(
                "role",
                {
                    "system": SYSTEM,
                    "developer": DEVELOPER,
                    "user": USER,
                    "assistant": ASSISTANT,
                    "tool": TOOL_MESSAGE,
                    "function": FUNCTION_MESSAGE,
                },
            )
        ),
        "model": string,
    },
    optional={
        "audio": nullable(mapping),
        "frequency_penalty": nullable(number),
        "function_call": anything,
        "functions": many(mapping),
        "logit_bias": nullable(mapping),
        "logprobs": nullable(boolean),
        "max_completion_tokens": nullable(integer),
        "max_tokens": nullable(integer),
        "metadata": nullable(mapping),
        "modalities": nullable(many(words("text", "audio"))),
        "moderation": nullable(mapping),
        "n": nullable(integer),
        "parallel_tool_calls": boolean,
        "prediction": nullable(mapping),
        "presence_penalty": nullable(number),
        "prompt_cache_key": nullable(string),
        "prompt_cache_options": mapping,
        "prompt_cache_retention": nullable(words("in_memory", "24h")),
        "reasoning_effort": nullable(words("none", "minimal", "low", "medium", "high", "xhigh", "max")),
        "response_format": tagged(
            "type", {"text": FORMAT_TEXT, "json_object": FORMAT_OBJECT, "json_schema": FORMAT_SCHEMA}
        ),
        "safety_identifier": nullable(string),
        "seed": nullable(integer),
        "service_tier": nullable(words("auto", "default", "flex", "scale", "priority", "fast")),
        "stop": nullable(string_or(many(string))),
        "store": nullable(boolean),
        "stream": nullable(boolean),
        "stream_options": nullable(STREAM_OPTIONS),
        "temperature": nullable(number),
        "tool_choice": tool_choice,
        "tools": many(tagged("type", {"function": TOOL, "custom": CUSTOM_TOOL})),
        "top_logprobs": nullable(integer),
        "top_p": nullable(number),
        "user": string,
        "verbosity": nullable(words("low", "medium", "high")),
        "web_search_options": mapping,
    },
)
