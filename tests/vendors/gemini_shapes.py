"""What Google's generateContent takes, field by field, as its SDK declares it.

Its JSON is protobuf's: every field is optional, may be null, and is known by two names (`topP`, `top_p`).
"""

import re
from typing import Final

from tests.vendors.shape import (
    Check,
    Flaw,
    Json,
    Misshapen,
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
)


def snake(name: str) -> str:
    """The field's name in the proto file."""
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def message(source: str, **fields: Check) -> Shape:
    """A protobuf message in JSON."""
    optional: dict[str, Check] = {}
    for name, check in fields.items():
        optional |= {name: nullable(check), snake(name): nullable(check)}
    return Shape(source, required={}, optional=optional)


def enum(*allowed: str) -> Check:
    """One of these words; the API takes small letters too."""

    def check(value: Json, at: Path) -> None:
        string(value, at)
        if value.upper() not in allowed:
            raise Misshapen(at, Flaw.VALUE, " or ".join(allowed))

    return check


def keyed(item: Check) -> Check:
    """A map of such values. The words for a place in it are those of protobuf's entries."""

    def check(value: Json, at: Path) -> None:
        mapping(value, at)
        for number_of_entry, inner in enumerate(value.values()):
            item(inner, (*at, number_of_entry, "value"))

    return check


def schema(value: Json, at: Path) -> None:
    """A schema in a schema."""
    SCHEMA(value, at)


SCHEMA: Final = message(
    "google.genai.types.Schema; ai.google.dev/api/caching#Schema",
    type=enum("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"),
    format=string,
    title=string,
    description=string,
    nullable=boolean,
    enum=many(string),
    items=schema,
    maxItems=anything,
    minItems=anything,
    properties=keyed(schema),
    required=many(string),
    propertyOrdering=many(string),
    minProperties=anything,
    maxProperties=anything,
    minimum=number,
    maximum=number,
    minLength=anything,
    maxLength=anything,
    pattern=string,
    example=anything,
    default=anything,
    anyOf=many(schema),
)

BLOB: Final = message("google.genai.types.Blob", mimeType=string, data=string, displayName=string)
FILE: Final = message("google.genai.types.FileData", mimeType=string, fileUri=string)
CALL: Final = message("google.genai.types.FunctionCall", id=string, name=string, args=mapping)
RESPONSE_PART: Final = message("google.genai.types.FunctionResponsePart", inlineData=BLOB, fileData=FILE)
RESPONSE: Final = message(
    "google.genai.types.FunctionResponse",
    id=string,
    name=string,
    response=mapping,
    parts=many(RESPONSE_PART),
    willContinue=boolean,
    scheduling=string,
)
CODE: Final = message("google.genai.types.ExecutableCode", id=string, language=string, code=string)
CODE_RESULT: Final = message("google.genai.types.CodeExecutionResult", id=string, outcome=string, output=string)
TOOL_CALL: Final = message("google.genai.types.ToolCall", id=string, toolType=string, args=mapping)
TOOL_RESPONSE: Final = message("google.genai.types.ToolResponse", id=string, toolType=string, response=mapping)
DATA: Final[dict[str, Check]] = {
    "text": string,
    "inlineData": BLOB,
    "fileData": FILE,
    "functionCall": CALL,
    "functionResponse": RESPONSE,
    "executableCode": CODE,
    "codeExecutionResult": CODE_RESULT,
    "toolCall": TOOL_CALL,
    "toolResponse": TOOL_RESPONSE,
}
"""What a part can be: one of these."""

PART: Final = message(
    "google.genai.types.Part",
    **DATA,
    thought=boolean,
    thoughtSignature=string,
    videoMetadata=message("google.genai.types.VideoMetadata", startOffset=string, endOffset=string, fps=number),
    mediaResolution=mapping,
    partMetadata=mapping,
)
CONTENT: Final = message("google.genai.types.Content", role=string, parts=many(PART))

DECLARATION: Final = message(
    "google.genai.types.FunctionDeclaration",
    name=string,
    description=string,
    behavior=enum("UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
    parameters=SCHEMA,
    parametersJsonSchema=anything,
    response=SCHEMA,
    responseJsonSchema=anything,
)
TOOL: Final = message(
    "google.genai.types.Tool",
    functionDeclarations=many(DECLARATION),
    googleSearch=mapping,
    googleSearchRetrieval=mapping,
    googleMaps=mapping,
    codeExecution=mapping,
    computerUse=mapping,
    fileSearch=mapping,
    urlContext=mapping,
)
CALLING: Final = message(
    "google.genai.types.FunctionCallingConfig",
    mode=enum("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"),
    allowedFunctionNames=many(string),
)
TOOL_CONFIG: Final = message(
    "google.genai.types.ToolConfig",
    functionCallingConfig=CALLING,
    retrievalConfig=mapping,
    includeServerSideToolInvocations=boolean,
)
SAFETY: Final = message("google.genai.types.SafetySetting", category=string, threshold=string)
THINKING: Final = message(
    "google.genai.types.ThinkingConfig",
    includeThoughts=boolean,
    thinkingBudget=integer,
    thinkingLevel=enum("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"),
)
GENERATION: Final = message(
    "google.genai.types.GenerationConfig; ai.google.dev/api/generate-content#generationconfig",
    stopSequences=many(string),
    responseMimeType=string,
    responseModalities=many(string),
    responseSchema=SCHEMA,
    responseJsonSchema=anything,
    candidateCount=integer,
    maxOutputTokens=integer,
    temperature=number,
    topP=number,
    topK=number,
    seed=integer,
    presencePenalty=number,
    frequencyPenalty=number,
    responseLogprobs=boolean,
    logprobs=integer,
    enableEnhancedCivicAnswers=boolean,
    speechConfig=mapping,
    thinkingConfig=THINKING,
    imageConfig=mapping,
    mediaResolution=string,
)
REQUEST_FIELDS: Final[dict[str, Check]] = {
    "model": string,
    "contents": many(CONTENT),
    "systemInstruction": CONTENT,
    "tools": many(TOOL),
    "toolConfig": TOOL_CONFIG,
    "safetySettings": many(SAFETY),
    "generationConfig": GENERATION,
    "cachedContent": string,
    "serviceTier": string,
}
REQUEST: Final = message("ai.google.dev/api/generate-content#request-body", **REQUEST_FIELDS)
VERTEX_REQUEST: Final = message(
    "google.genai.models: _GenerateContentParameters_to_vertex", **REQUEST_FIELDS, labels=mapping
)
COUNT: Final = message(
    "ai.google.dev/api/tokens#method:-models.counttokens",
    model=string,
    contents=many(CONTENT),
    generateContentRequest=REQUEST,
)
VERTEX_COUNT: Final = message(
    "google.genai.models: _CountTokensParameters_to_vertex",
    model=string,
    contents=many(CONTENT),
    systemInstruction=CONTENT,
    tools=many(TOOL),
    generationConfig=GENERATION,
)
