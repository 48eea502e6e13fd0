"""Ollama, as served at /api/chat and /api/generate: clients speak it, no upstream is asked in it."""

from typing import Final

from translators.client_only import never_asked
from translators.dialect import Dialect, Operation, Route
from translators.dialects.ollama.decode import decode_request, peek
from translators.dialects.ollama.encode_reply import StreamEncoder, encode_reply
from translators.dialects.ollama.errors import decode_error, encode_error, error_frame
from translators.dialects.ollama.lists import count_reply, model_list, one_model
from translators.dialects.ollama.wire import Request

__all__ = ["DIALECT"]

WAITING: Final = (
    b'{"model":"","created_at":"1970-01-01T00:00:00Z","message":{"role":"assistant","content":""},"response":"",'
    b'"done":false}\n'
)
"""Every line must be a reply: its clients read them all. This one adds nothing to either kind."""

DIALECT: Final = Dialect(
    name="ollama",
    routes=(
        Route("POST", "/api/chat", Operation.GENERATE),
        Route("POST", "/api/generate", Operation.GENERATE),
        Route("GET", "/api/tags", Operation.LIST_MODELS),
        Route("POST", "/api/show", Operation.ONE_MODEL),
        Route("GET", "/api/version", Operation.ABOUT),
    ),
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
    about=b'{"version":"0.12.0"}',  # The API that is spoken here: some clients ask for one that knows tools.
    stream_content_type="application/x-ndjson",
    keep_alive=WAITING,
    request_wire=Request,
    client_only=True,
)
