"""Counts of tokens as Vertex takes them: a request's fields at the top, where the Gemini API has the request in one."""

from typing import Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss
from translators.dialect import Operation, Target
from translators.errors import BadRequest
from translators.jsonio import ENCODER, top_level

WHOLE: Final = ("generateContentRequest", "generate_content_request")
COUNTED: Final = frozenset(
    ("contents", "systemInstruction", "system_instruction", "tools", "generationConfig", "generation_config")
)
"""Source: CountTokensConfig of google-genai, as it is written for Vertex."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])


def duties(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as it is; or to be counted, what Vertex counts of a whole request. Raises BadRequest."""
    if target.operation is not Operation.COUNT_TOKENS:
        return body, ()
    fields = top_level(body)
    name = next((name for name in WHOLE if name in fields), None)
    if name is None:
        return body, ()
    try:
        request = _OBJECT.decode(fields[name])
    except msgspec.DecodeError as error:
        raise BadRequest(f"$.{name}", "an object") from error
    counted = {key: value for key, value in request.items() if key in COUNTED}
    left = (key for key in request if key not in COUNTED and key != "model")
    return ENCODER.encode(counted), tuple(Loss(f"$.{name}.{key}", "Vertex counts without it") for key in left)
