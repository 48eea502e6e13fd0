"""Anthropic Messages, as served at /v1/messages."""

from typing import Final

from translators.dialect import Dialect, Operation, Route
from translators.dialects.anthropic.conversions import stream_of, whole_of
from translators.dialects.anthropic.decode import NAME, decode_request, peek
from translators.dialects.anthropic.encode import encode_request
from translators.dialects.anthropic.errors import decode_error, encode_error, error_frame
from translators.dialects.anthropic.lists import COUNTING, count_reply, model_list, one_model
from translators.dialects.anthropic.own import own_request
from translators.dialects.anthropic.reply import decode_reply, encode_reply
from translators.dialects.anthropic.stream_decoder import StreamDecoder
from translators.dialects.anthropic.stream_encoder import StreamEncoder, client_call_id
from translators.dialects.anthropic.wire import Request

DIALECT: Final = Dialect(
    name=NAME,
    routes=(
        Route("POST", "/v1/messages", Operation.GENERATE),
        Route("POST", "/v1/messages/count_tokens", Operation.COUNT_TOKENS),
        Route("GET", "/v1/models", Operation.LIST_MODELS),
    ),
    peek=peek,
    decode_request=decode_request,
    encode_request=encode_request,
    decode_reply=decode_reply,
    encode_reply=encode_reply,
    stream_decoder=StreamDecoder,
    stream_encoder=StreamEncoder,
    call_id=client_call_id,
    decode_error=decode_error,
    encode_error=encode_error,
    error_frame=error_frame,
    count_reply=count_reply,
    counting=COUNTING,
    model_list=model_list,
    one_model=one_model,
    object_answers=True,
    request_wire=Request,
    own_request=own_request,
    whole_of=whole_of,
    stream_of=stream_of,
)
