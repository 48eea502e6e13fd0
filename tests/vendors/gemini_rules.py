"""What Google's generateContent refuses beyond the shape of a request."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

from tests.vendors import gemini_shapes as shapes
from tests.vendors.gemini_schema import schema_fault
from tests.vendors.gemini_signature import SKIP, is_ours
from tests.vendors.rules import Asked, Refusal, RuleBook
from tests.vendors.shape import Flaw, Misshapen

DOCS: Final = "ai.google.dev"
CLI: Final = "answered by the vendor: github.com/google-gemini/gemini-cli/issues"
FUNCTION_NAMES: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
MAX_STOPS: Final = 5
BUDGETS: Final = {"gemini-2.5-pro": (128, 32768), "gemini-2.5-flash": (0, 24576), "gemini-2.5-flash-lite": (512, 24576)}
TYPES: Final = {"string": "TYPE_STRING", "integer": "TYPE_INT32", "number": "TYPE_FLOAT", "boolean": "TYPE_BOOL"}

type Fields = dict[str, Any]

RULES: Final = RuleBook()


def get(fields: Fields, name: str) -> Any:
    """A field by either of its names; None where it is absent."""
    value = fields.get(name)
    return fields.get(shapes.snake(name)) if value is None else value


def is_count(asked: Asked) -> bool:
    return asked.request.path.endswith(":countTokens")


def is_vertex(asked: Asked) -> bool:
    return "/publishers/google/" in asked.request.path


def model_of(asked: Asked) -> str:
    """As the path names it."""
    return asked.request.path.rpartition("/models/")[2].partition(":")[0]


def request_of(asked: Asked) -> Fields:
    """What is to be answered, or counted."""
    inner = get(asked.body, "generateContentRequest")
    return inner if isinstance(inner, dict) else asked.body


def turns(asked: Asked) -> list[tuple[str, list[Fields]]]:
    """(role, parts); a turn without a role is the user's."""
    contents = get(request_of(asked), "contents") or []
    return [(content.get("role") or "user", content.get("parts") or []) for content in contents]


def data_of(part: Fields) -> list[str]:
    return [name for name in shapes.DATA if get(part, name) is not None]


def declarations(asked: Asked) -> Iterator[tuple[str, Fields]]:
    for index, tool in enumerate(request_of(asked).get("tools") or ()):
        for number, declared in enumerate(get(tool, "functionDeclarations") or ()):
            yield f"tools[{index}].function_declarations[{number}]", declared


def generation(asked: Asked) -> Fields:
    config = get(request_of(asked), "generationConfig")
    return config if isinstance(config, dict) else {}


@RULES.rule(
    "answered by the vendor: github.com/zed-industries/zed/issues/44875, github.com/fishjar/kiss-translator/issues/256"
)
def shape_is_known(asked: Asked) -> None:
    if is_count(asked):
        shape = shapes.VERTEX_COUNT if is_vertex(asked) else shapes.COUNT
    else:
        shape = shapes.VERTEX_REQUEST if is_vertex(asked) else shapes.REQUEST
    try:
        shape(asked.body)
    except Misshapen as flaw:
        raise Refusal(worded(flaw, asked.body)) from flaw


@RULES.rule("answered by the vendor: github.com/googleapis/python-genai/issues/432")
def contents_are_there(asked: Asked) -> None:
    request = "GenerateContentRequest"
    inner = get(asked.body, "generateContentRequest")
    if is_count(asked) and inner is not None:
        request = "CountTokensRequest.generate_content_request"
        if not inner.get("model"):
            raise Refusal(f"* {request}.model: model is not specified\n")
    if not get(request_of(asked), "contents"):
        raise Refusal(f"* {request}.contents: contents is not specified\n")


@RULES.rule(f"{DOCS}/api/caching#Content; answered by the vendor: github.com/dreeveapp/dreeve/issues/894")
def roles_are_known(asked: Asked) -> None:
    for content in get(request_of(asked), "contents"):
        role = content.get("role")
        if role not in ("user", "model") and (role or is_vertex(asked)):
            raise Refusal("Please use a valid role: user, model.")


@RULES.rule("answered by the vendor: github.com/boldsoftware/sketch/issues/68")
def parts_hold_one_thing(asked: Asked) -> None:
    for index, (_, parts) in enumerate(turns(asked)):
        at = f"GenerateContentRequest.contents[{index}].parts"
        if not parts:
            raise Refusal(f"* {at}: contents.parts must not be empty.\n")
        for number, part in enumerate(parts):
            data = data_of(part)
            if len(data) > 1:
                raise Refusal(
                    f"Invalid value at 'contents[{index}].parts[{number}]' (oneof), oneof field 'data' is already set."
                    f" Cannot set '{data[1]}'"
                )
            if not data and not get(part, "thoughtSignature"):
                raise Refusal(f"* {at}[{number}].data: required oneof field 'data' must have one initialized field\n")


@RULES.rule("google.genai.types.Blob: data is bytes, in JSON base64")
def bytes_are_base64(asked: Asked) -> None:
    for index, (_, parts) in enumerate(turns(asked)):
        for number, part in enumerate(parts):
            blob = get(part, "inlineData") or {}
            at = f"contents[{index}].parts[{number}]"
            for place, value in (
                (f"{at}.inline_data.data", blob.get("data")),
                (f"{at}.thought_signature", get(part, "thoughtSignature")),
            ):
                if value is not None and value != SKIP and not is_base64(value):
                    raise Refusal(f"Invalid value at '{place}' (TYPE_BYTES), Base64 decoding failed for \"{value}\"")


@RULES.rule(f"{CLI}/26486, issues/11814")
def calls_follow_the_user(asked: Asked) -> None:
    before = ""
    for role, parts in turns(asked):
        if role == "model" and any(get(part, "functionCall") for part in parts) and before != "user":
            raise Refusal(
                "Please ensure that function call turn comes immediately after a user turn or after a function"
                " response turn."
            )
        before = role


@RULES.rule(f"{CLI}/7410; answered by the vendor: github.com/langchain-ai/langchain/issues/27799")
def calls_are_answered(asked: Asked) -> None:
    before: list[Fields] = []
    for role, parts in turns(asked):
        answers = [answer for part in parts if (answer := get(part, "functionResponse"))]
        calls = [call for part in before if (call := get(part, "functionCall"))]
        if answers and not calls:
            raise Refusal("Please ensure that function response turn comes immediately after a function call turn.")
        if role == "user" and len(answers) != len(calls):
            raise Refusal(
                "Please ensure that the number of function response parts is equal to the number of function call"
                " parts of the function call turn."
            )
        before = parts if role == "model" else []


@RULES.rule("answered by the vendor: github.com/kaitranntt/ccs/issues/219, github.com/microsoft/vscode/issues/248000")
def function_names_are_valid(asked: Asked) -> None:
    for at, declared in declarations(asked):
        if FUNCTION_NAMES.fullmatch(declared.get("name") or "") is None:
            raise Refusal(
                f"* GenerateContentRequest.{at}.name: Invalid function name. Must start with a letter or an"
                " underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes"
                " (-), with a maximum length of 64.\n"
            )


@RULES.rule("google.genai.types.FunctionDeclaration: parameters and parameters_json_schema exclude each other")
def functions_have_one_schema(asked: Asked) -> None:
    for at, declared in declarations(asked):
        if declared.get("parameters") is not None and get(declared, "parametersJsonSchema") is not None:
            raise Refusal(f"* GenerateContentRequest.{at}: only one of parameters and parameters_json_schema.\n")


@RULES.rule(
    f"{CLI}/3178; answered by the vendor: github.com/danny-avila/LibreChat/issues/6971,"
    " github.com/cline/cline/issues/7926, github.com/anomalyco/opencode/pull/49392, github.com/musistudio/llms/pull/20"
)
def schemas_are_googles_own(asked: Asked) -> None:
    given = [(f"{at}.parameters", declared.get("parameters")) for at, declared in declarations(asked)]
    given.append(("generation_config.response_schema", get(generation(asked), "responseSchema")))
    for at, schema in given:
        fault = schema_fault(schema, f"* GenerateContentRequest.{at}")
        if fault is not None:
            raise Refusal(f"{fault}\n")


@RULES.rule("google.genai.types.FunctionCallingConfig: allowed_function_names only with mode ANY or VALIDATED")
def allowed_functions_go_with_a_mode(asked: Asked) -> None:
    config = get(get(request_of(asked), "toolConfig") or {}, "functionCallingConfig") or {}
    if get(config, "allowedFunctionNames") and str(config.get("mode")).upper() not in ("ANY", "VALIDATED"):
        raise Refusal("Allowed function names should be set only when function calling mode is ANY.")


@RULES.rule(f"{DOCS}/api/generate-content#generationconfig: temperature 0.0-2.0, at most 5 stop sequences")
def sampling_is_in_range(asked: Asked) -> None:
    at = "* GenerateContentRequest.generation_config"
    temperature = generation(asked).get("temperature")
    if temperature is not None and not 0 <= temperature <= 2:
        raise Refusal(f"{at}.temperature: temperature must be in the range [0.0, 2.0].\n")
    if len(get(generation(asked), "stopSequences") or ()) > MAX_STOPS:
        raise Refusal(f"{at}.stop_sequences: at most {MAX_STOPS} stop sequences.\n")


@RULES.rule("google.genai.types.GenerateContentConfig: response_json_schema excludes response_schema, needs a type")
def output_has_one_schema(asked: Asked) -> None:
    schemas = [name for name in ("responseSchema", "responseJsonSchema") if get(generation(asked), name) is not None]
    if len(schemas) > 1:
        raise Refusal("Only one of response_schema and response_json_schema can be set.")
    if schemas and get(generation(asked), "responseMimeType") not in ("application/json", "text/x.enum"):
        raise Refusal("A schema of the output needs response_mime_type application/json.")


@RULES.rule("answered by the vendor: github.com/sterlp/eclipse-peon-ai/issues/115, github.com/vercel/ai/issues/8027")
def thinking_fits_the_model(asked: Asked) -> None:
    """Levels are refused by models before the third generation. Source: ai.google.dev/gemini-api/docs/thinking."""
    config = get(generation(asked), "thinkingConfig") or {}
    budget, level = get(config, "thinkingBudget"), get(config, "thinkingLevel")
    if budget is not None and level is not None:
        raise Refusal("You can only set only one of thinking budget and thinking level.")
    model = model_of(asked)
    if level is not None and model in BUDGETS:
        raise Refusal("Thinking level is not supported for this model.")
    if budget is None or budget == -1 or model not in BUDGETS:
        return
    least, most = BUDGETS[model]
    if budget == 0 and model == "gemini-2.5-pro":
        raise Refusal("Budget 0 is invalid. This model only works in thinking mode.")
    if budget and not least <= budget <= most:
        raise Refusal(f"The thinking budget {budget} is invalid. Please choose a value between {least} and {most}.")


@RULES.rule(f"{DOCS}/gemini-api/docs/thought-signatures; answered by the vendor: github.com/nanbingxyz/5ire/issues/405")
def calls_of_this_turn_are_signed(asked: Asked) -> None:
    if not model_of(asked).startswith("gemini-3"):
        return
    current: list[tuple[int, list[Fields]]] = []
    for position, (role, parts) in enumerate(turns(asked), 1):
        if role == "user" and not any(get(part, "functionResponse") for part in parts):
            current.clear()
        elif role == "model":
            current.append((position, parts))
    for position, parts in current:
        first = next((part for part in parts if get(part, "functionCall")), None)
        if first is not None and not get(first, "thoughtSignature"):
            raise Refusal(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to"
                " work correctly, and missing thought_signature may lead to degraded model performance. Additional"
                f" data, function call `default_api:{get(first, 'functionCall').get('name')}` , position {position}."
            )


@RULES.rule(f"{DOCS}/gemini-api/docs/thought-signatures: signatures go back as they came")
def signatures_are_ours(asked: Asked) -> None:
    for _, parts in turns(asked):
        for part in parts:
            signature = get(part, "thoughtSignature")
            if signature is not None and signature != SKIP and not is_ours(signature):
                raise Refusal("Corrupted thought signature.")


def is_base64(value: str) -> bool:
    """Either alphabet, padded or not."""
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def worded(flaw: Misshapen, body: Fields) -> str:
    """The flaw as protobuf's JSON reader tells of it."""
    *parents, name = flaw.at
    if flaw.flaw is Flaw.UNKNOWN:
        at = f" at '{place(parents)}'" if parents else ""
        return f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
    kind = TYPES.get(flaw.expected, "type.googleapis.com/google.ai.generativelanguage.v1beta")
    return f"Invalid value at '{place(flaw.at)}' ({kind}), {value_at(body, flaw.at)!r}"


def place(at: Any) -> str:
    """`contents[0].parts[1].inline_data`."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{shapes.snake(step)}"
    return text


def value_at(value: Any, at: Any) -> Any:
    """What stands there; entries of maps are counted."""
    for step in at:
        if isinstance(value, dict) and isinstance(step, int):
            value = {"value": list(value.values())[step]}
        else:
            value = value[step]
    return value
