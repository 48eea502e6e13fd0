"""OpenAI's legacy completions, as served at /v1/completions: clients speak it, no upstream is asked in it."""

from translators.client_only import never_asked
from translators.dialect import Dialect, Operation, Route
from translators.dialects.openai_completions.decode import decode_request
from translators.dialects.openai_completions.encode_reply import StreamEncoder, encode_reply
from translators.dialects.openai_completions.wire import Request
from translators.openai_errors import decode_error, encode_error, error_frame
from translators.openai_lists import count_reply, model_list, one_model
from translators.peek import peek

__all__ = ["DIALECT"]

DIALECT = Dialect(
    name="openai_completions",
    routes=(Route("POST", "/v1/completions", Operation.GENERATE),),
    peek=peek,
    decode_request=decode_request,
    encode_request=never_asked,
    decode_reply=never_asked,
    encode_reply=encode_reply,
    stream_decoder=never_asked,
    stream_encoder=StreamEncoder,
    decode_error=decode_error,
    encode_error=encode_error,
    error_frame=error_frame,
    count_reply=count_reply,
    model_list=model_list,
    one_model=one_model,
    request_wire=Request,
    client_only=True,
)
