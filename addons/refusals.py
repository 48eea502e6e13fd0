"""Why a request is refused before any upstream is asked. Each dialect words them for its own clients."""

import math
from collections.abc import Sequence

from translators import ErrorKind, GatewayError


class UnknownPath(GatewayError):
    """Nothing is served there."""

    kind = ErrorKind.NOT_FOUND
    status = 404

    def __init__(self, method: str, path: str) -> None:
        super().__init__(f"{method} {path} is not served here; see GET / for what is")


class WrongMethod(GatewayError):
    """The path is served, with another method."""

    kind = ErrorKind.INVALID_REQUEST
    status = 405

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{path} takes {' or '.join(allowed)}, not {method}")
        self.allowed = tuple(allowed)


class UnknownModel(GatewayError):
    """No credential serves the model."""

    kind = ErrorKind.NOT_FOUND
    status = 404
    code = "model_not_found"
    param = "model"

    def __init__(self, model: str, near: Sequence[str]) -> None:
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no credential serves the model {model!r}.{hint} GET /v1/models lists those that are served")


class UnreadableBody(GatewayError):
    """The body's content-encoding is unknown, or the body is not what it says."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400


class InternalError(GatewayError):
    """A fault of ours. The log has the rest."""

    kind = ErrorKind.SERVER
    status = 500

    def __init__(self, exchange_id: str) -> None:
        super().__init__(f"the gateway failed on this request; its log names flow={exchange_id[:8]}")


class CredentialsExhausted(GatewayError):
    """Every credential for the model was tried in vain or rests. `story`: a clause for each, without secrets."""

    kind = ErrorKind.RATE_LIMIT
    status = 429
    code = "credentials_exhausted"

    def __init__(self, model: str, story: Sequence[str], retry_after_s: float) -> None:
        when = f"the next is free in {math.ceil(retry_after_s)} s"
        super().__init__(f"no credential can answer for {model!r} now; {when}. " + "; ".join(story))
        self.retry_after_s = retry_after_s
