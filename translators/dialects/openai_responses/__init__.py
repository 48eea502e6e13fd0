"""OpenAI Responses, as served at /v1/responses, and at /backend-api/codex/responses to clients set up for ChatGPT."""

from translators.dialect import Dialect, Operation, Route
from translators.dialects.openai_responses.completing import reframe
from translators.dialects.openai_responses.decode import decode_request
from translators.dialects.openai_responses.decode_reply import StreamDecoder, decode_reply
from translators.dialects.openai_responses.encode import encode_request
from translators.dialects.openai_responses.errors import decode_error, encode_error, error_frame
from translators.dialects.openai_responses.lists import COUNTING, model_list
from translators.dialects.openai_responses.request import own_request
from translators.dialects.openai_responses.stream_encoder import StreamEncoder, encode_reply
from translators.dialects.openai_responses.streamed import stream_of
from translators.dialects.openai_responses.whole import whole_of
from translators.dialects.openai_responses.wire_request import Request
from translators.dialects.openai_responses.words import NAME
from translators.openai_lists import count_reply, one_model
from translators.peek import peek

__all__ = ["DIALECT"]

DIALECT = Dialect(
    name=NAME,
    routes=(
        *(
            Route(method, root + path, operation)
            for root in ("/v1", "/backend-api/codex")
            for method, path, operation in (
                ("POST", "/responses", Operation.GENERATE),
                ("POST", "/responses/compact", Operation.COMPACT),
                ("GET", "/responses", Operation.UPGRADE),
            )
        ),
        Route("POST", "/v1/responses/input_tokens", Operation.COUNT_TOKENS),
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
    own_request=own_request,
    whole_of=whole_of,
    stream_of=stream_of,
    object_answers=True,
    request_wire=Request,
    reframe=reframe,
)
