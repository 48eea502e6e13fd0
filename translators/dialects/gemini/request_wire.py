"""A generateContent request as it stands on the wire, read and written by the same Structs.

Source: the request types of the official SDK (google-genai 3.4, `types.py`) and ai.google.dev/api/generate-content.
The vendor's JSON is protobuf's: every field is optional and may be null. Unknown fields are forbidden here, so that a
body that is not spelled as Google spells it goes the slow way (see spelling).
None of them can be part of a cycle, so that the garbage collector need not look at them (`gc=False`).
"""

from msgspec import Raw, Struct

from translators.dialects.gemini.wire import ABSENT


class Blob(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """`data` is base64, in either alphabet."""

    mime_type: str | None = None
    data: str | None = None
    display_name: str | None = None


class FileData(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A file of the vendor's, or one that anybody can read."""

    mime_type: str | None = None
    file_uri: str | None = None
    display_name: str | None = None


class FunctionCall(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """`args` is an object."""

    id: str | None = None
    name: str | None = None
    args: Raw = ABSENT
    partial_args: Raw = ABSENT
    will_continue: bool | None = None


class ResponsePart(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Media of a function's response."""

    inline_data: Blob | None = None
    file_data: FileData | None = None


class FunctionResponse(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """`response` is an object; "output" and "error" in it are the vendor's own words."""

    id: str | None = None
    name: str | None = None
    response: Raw = ABSENT
    parts: list[ResponsePart] | None = None
    will_continue: bool | None = None
    scheduling: str | None = None


class ExecutableCode(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """What the vendor ran."""

    id: str | None = None
    language: str | None = None
    code: str | None = None


class CodeResult(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """What it printed."""

    id: str | None = None
    outcome: str | None = None
    output: str | None = None


class HostedUse(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A call of a tool of the vendor's own, or its response."""

    id: str | None = None
    tool_type: str | None = None
    args: Raw = ABSENT
    response: Raw = ABSENT


class RequestPart(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """One of the fields between the signature and the metadata says what it is."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeResult | None = None
    tool_call: HostedUse | None = None
    tool_response: HostedUse | None = None
    video_metadata: Raw = ABSENT
    media_resolution: Raw = ABSENT
    part_metadata: Raw = ABSENT


class RequestContent(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """One turn, or a piece of one."""

    role: str | None = None
    parts: list[RequestPart] | None = None


class Declaration(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """`parameters` in Google's own schemas, `parameters_json_schema` in JSON's: one of them."""

    name: str | None = None
    description: str | None = None
    parameters: Raw = ABSENT
    parameters_json_schema: Raw = ABSENT
    response: Raw = ABSENT
    response_json_schema: Raw = ABSENT
    behavior: str | None = None


class GoogleSearch(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """`exclude_domains`: Vertex only."""

    exclude_domains: list[str] | None = None
    blocking_confidence: Raw = ABSENT
    search_types: Raw = ABSENT
    time_range_filter: Raw = ABSENT


class RequestTool(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Functions, and tools of the vendor's own; mostly one kind in each."""

    function_declarations: list[Declaration] | None = None
    google_search: GoogleSearch | None = None
    google_search_retrieval: Raw = ABSENT
    code_execution: Raw = ABSENT
    url_context: Raw = ABSENT
    file_search: Raw = ABSENT
    google_maps: Raw = ABSENT
    computer_use: Raw = ABSENT
    retrieval: Raw = ABSENT
    enterprise_web_search: Raw = ABSENT
    parallel_ai_search: Raw = ABSENT
    mcp_servers: Raw = ABSENT


class Calling(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Whether functions may, must or must not be called."""

    mode: str | None = None
    allowed_function_names: list[str] | None = None
    stream_function_call_arguments: bool | None = None


class ToolConfig(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """What is to be done with the tools."""

    function_calling_config: Calling | None = None
    retrieval_config: Raw = ABSENT
    include_server_side_tool_invocations: bool | None = None


class ThinkingConfig(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A budget or a level, never both."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class GenerationConfig(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """How to answer."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    candidate_count: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_mime_type: str | None = None
    response_schema: Raw = ABSENT
    response_json_schema: Raw = ABSENT
    response_logprobs: bool | None = None
    logprobs: int | None = None
    thinking_config: ThinkingConfig | None = None
    response_modalities: list[str] | None = None
    speech_config: Raw = ABSENT
    image_config: Raw = ABSENT
    media_resolution: str | None = None
    audio_timestamp: bool | None = None
    enable_affective_dialog: bool | None = None
    enable_enhanced_civic_answers: bool | None = None
    routing_config: Raw = ABSENT
    model_selection_config: Raw = ABSENT


class Request(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """`model` and `stream` only where the path does not say them; `generate_content_request`: what is to be counted."""

    contents: list[RequestContent] | None = None
    system_instruction: RequestContent | str | None = None
    tools: list[RequestTool] | None = None
    tool_config: ToolConfig | None = None
    generation_config: GenerationConfig | None = None
    safety_settings: Raw = ABSENT
    cached_content: str | None = None
    service_tier: str | None = None
    labels: Raw = ABSENT
    model: str | None = None
    stream: bool | None = None
    generate_content_request: "Request | None" = None
