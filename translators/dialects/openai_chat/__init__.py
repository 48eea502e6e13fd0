"""OpenAI chat completions, as served at /v1/chat/completions by OpenAI and by everyone compatible."""

from translators.dialect import Dialect, Operation, Route
from translators.dialects.openai_chat.asked_usage import ask_usage, hide_usage
from translators.dialects.openai_chat.decode import decode_request
from translators.dialects.openai_chat.decode_reply import StreamDecoder, decode_reply
from translators.dialects.openai_chat.encode import encode_request
from translators.dialects.openai_chat.encode_reply import encode_reply
from translators.dialects.openai_chat.encode_stream import StreamEncoder
from translators.dialects.openai_chat.own import own_request
from translators.dialects.openai_chat.wire import Request
from translators.openai_errors import decode_error, encode_error, error_frame
from translators.openai_lists import count_reply, model_list, one_model
from translators.peek import peek

__all__ = ["DIALECT"]

DIALECT = Dialect(
    name="openai_chat",
    routes=(
        Route("POST", "/v1/chat/completions", Operation.GENERATE),
        Route("GET", "/v1/models", Operation.LIST_MODELS),
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
    model_list=model_list,
    one_model=one_model,
    object_answers=True,
    request_wire=Request,
    own_request=own_request,
    ask_usage=ask_usage,
    hide_usage=hide_usage,
)
