"""What went wrong with an attempt: an outcome for the pool, and an error for the client. No secret is in either."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from addons.accounts.masking import masked, without
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.accounts.rules import Rule, ruled
from addons.exchange import Breakage
from addons.outbound import Said
from addons.providers.provider import Provider
from translators import GatewayError, UpstreamError
from translators.dialect import Operation
from translators.errors import ErrorKind

_KINDS: Final[Mapping[Breakage, tuple[ErrorKind, int]]] = {
    Breakage.CONNECT: (ErrorKind.SERVER, 502),
    Breakage.TIMEOUT: (ErrorKind.TIMEOUT, 504),
    Breakage.PROTOCOL: (ErrorKind.SERVER, 502),
}

_OF_THE_CREDENTIAL: Final = frozenset((OutcomeKind.UNAUTHORIZED, OutcomeKind.FORBIDDEN))
"""What the refusal of a count says of generating, too. All else rests counting alone: vendors limit it by itself
(Source: Anthropic's documentation of token counting), and not every server can count."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed."""

    outcome: Outcome
    error: UpstreamError


class Judge:
    """Judges one attempt, by the provider's rules and the user's above them. Headers in lower case."""

    def __init__(
        self, provider: Provider, said: Said, rules: Sequence[Rule], operation: Operation = Operation.GENERATE
    ) -> None:
        self.secrets = tuple(said.request.secret_values())
        self._provider = provider
        self._upstream = said.upstream
        self._rules = rules
        self._counts = operation is Operation.COUNT_TOKENS

    def without_secrets(self, body: bytes) -> bytes:
        """Some vendors repeat a key in the words of their error."""
        return without(body.decode("latin-1"), self.secrets).encode("latin-1")

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """The upstream answered with an error status."""
        error = self._upstream.decode_error(status, body, headers)
        return self._failure(self._outcome(status, headers, body, status), error)

    def inside(self, error: GatewayError, headers: Mapping[str, str], body: bytes | None = None) -> Failure:
        """An error inside a 200 reply. `body`: where the vendor's own words are at hand."""
        said = self._upstream.encode_error(error) if body is None else body
        return self._failure(self._outcome(0, headers, said, error.status if body is None else 0), error)

    def broken(self, how: Breakage, message: str) -> Failure:
        """The upstream broke below HTTP."""
        kind, status = _KINDS[how]
        alive = self._counts and how is not Breakage.CONNECT  # It may generate all the same.
        scope = Scope.MODEL if alive else Scope.CREDENTIAL
        outcome = Outcome(OutcomeKind.TRANSIENT, scope, None, f"{how.value}: {message}"[:200])
        return self._failure(outcome, UpstreamError(kind, f"{self._provider.name}: {message}", status=status))

    def unreadable(self, error: Exception, status: int) -> Failure:
        """The upstream's bytes, or our own code, are not as we expected. `status` 0: none has come."""
        message = f"{self._provider.name}'s reply can't be read: {error}"
        outcome = Outcome(OutcomeKind.TRANSIENT, Scope.NOTHING, status or None, message[:200])
        return self._failure(outcome, UpstreamError(ErrorKind.SERVER, message, status=502))

    def _outcome(self, status: int, headers: Mapping[str, str], body: bytes, known_status: int) -> Outcome:
        """The user's rules know an error inside a 200 reply by the status that it would have had."""
        outcome = self._provider.classify(status, headers, body)
        if self._counts and outcome.another and outcome.kind not in _OF_THE_CREDENTIAL:
            outcome = replace(outcome, scope=Scope.MODEL)
        return ruled(outcome, self._rules, known_status or outcome.status or 0, body) if self._rules else outcome

    def _failure(self, outcome: Outcome, error: GatewayError) -> Failure:
        told = UpstreamError(
            error.kind,
            masked(str(error), *self.secrets),
            status=error.status,
            code=error.code,
            param=error.param,
            retry_after_s=error.retry_after_s,
        )
        return Failure(replace(outcome, message=masked(outcome.message, *self.secrets)), told)
