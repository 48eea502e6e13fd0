"""Google's generateContent, as served at /v1beta/models/{model}:generateContent."""

from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from translators.dialect import Dialect, Operation, Peek, Route
from translators.dialects.gemini.conversions import stream_of, whole_of
from translators.dialects.gemini.decode import decode_request
from translators.dialects.gemini.encode import encode_request
from translators.dialects.gemini.errors import decode_error, encode_error, error_frame
from translators.dialects.gemini.framing import forward_query, reframe
from translators.dialects.gemini.lists import COUNTING, count_reply, model_list, one_model
from translators.dialects.gemini.own import own_request
from translators.dialects.gemini.reply import decode_reply, encode_reply
from translators.dialects.gemini.request_wire import Request
from translators.dialects.gemini.stream_decoder import StreamDecoder
from translators.dialects.gemini.stream_encoder import StreamEncoder
from translators.dialects.gemini.words import NAME
from translators.envelopes.code_assist import ENVELOPE
from translators.errors import BadRequest
from translators.jsonio import read


class _Asked(Struct):
    model: str | None = None
    stream: bool = False
    contents: Raw | UnsetType = UNSET


_ASKED: Final = msgspec.json.Decoder(_Asked)


def peek(body: bytes) -> Peek:
    """What a body says where the path does not: `models/` may stand before the name. Raises BadRequest."""
    asked = read(_ASKED, body)
    if not asked.model:
        raise BadRequest("$.model", "the model's name: the path has none")
    if asked.contents is UNSET:
        raise BadRequest("$.contents", "Gemini's contents: a plain prompt goes to /v1/completions")
    return Peek(asked.model.removeprefix("models/"), asked.stream)


def _actions(version: str) -> tuple[Route, ...]:
    """What can be asked of a model."""
    path = f"{version}/models/{{model}}"
    return (
        Route("POST", f"{path}:generateContent", Operation.GENERATE, stream=False),
        Route("POST", f"{path}:streamGenerateContent", Operation.GENERATE, stream=True),
        Route("POST", f"{path}:countTokens", Operation.COUNT_TOKENS, stream=False),
    )


CODE_ASSIST: Final = tuple(
    Route("POST", f"/v1internal:{action}", operation, stream=stream, envelope=ENVELOPE)
    for action, operation, stream in (
        ("generateContent", Operation.GENERATE, False),
        ("streamGenerateContent", Operation.GENERATE, True),
        ("countTokens", Operation.COUNT_TOKENS, False),
    )
)
"""For clients that have logged in to Google."""

DIALECT: Final = Dialect(
    name=NAME,
    routes=(
        *_actions("/v1beta"),
        *_actions("/v1"),
        *CODE_ASSIST,
        Route("POST", "/v1/generate", Operation.GENERATE),
        Route("GET", "/v1beta/models", Operation.LIST_MODELS),
        Route("GET", "/v1beta/models/{model}", Operation.ONE_MODEL),
    ),
    peek=peek,
    decode_request=decode_request,
    encode_request=encode_request,
    decode_reply=decode_reply,
    encode_reply=encode_reply,
    stream_decoder=StreamDecoder,
    stream_encoder=StreamEncoder,
    decode_error=decode_error,
    encode_error=encode_error,
    error_frame=error_frame,
    count_reply=count_reply,
    counting=COUNTING,
    model_list=model_list,
    one_model=one_model,
    stream_content_type="text/event-stream",
    keep_alive=b"\n",  # The vendor's Python SDK fails on comments.
    request_wire=Request,
    own_request=own_request,
    whole_of=whole_of,
    stream_of=stream_of,
    model_in_path=True,
    model_key="modelVersion",
    reframe=reframe,
    forward_query=forward_query,
)
