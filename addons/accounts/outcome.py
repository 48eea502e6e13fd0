"""How an attempt ended, as far as the pool must know."""

from dataclasses import dataclass
from enum import StrEnum


class OutcomeKind(StrEnum):
    """The word for it, in logs too."""

    OK = "ok"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    MODEL_MISSING = "model_missing"
    TRANSIENT = "transient"
    REQUEST_FAULT = "request_fault"
    CANCELLED = "cancelled"


class Scope(StrEnum):
    """What an outcome is about, and so what rests: one model of a credential, or the whole credential."""

    NOTHING = "nothing"
    MODEL = "model"
    CREDENTIAL = "credential"


class Action(StrEnum):
    """What is to be done after an outcome, where the user has ruled it: whether another credential is tried, and
    whether this one rests, cooling disabled or not."""

    STOP = "stop"
    STOP_AND_COOL = "stop-and-cooldown"
    CONTINUE = "continue"
    CONTINUE_AND_COOL = "continue-and-cooldown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`message`: the vendor's own words, cut to a line, no secrets. `retry_after_s`: the vendor's hint.

    `action`: the user's rule, None where there is none. `another`: whether another credential may do better (never for
    a fault of the request).
    """

    kind: OutcomeKind
    scope: Scope = Scope.NOTHING
    status: int | None = None
    message: str = ""
    retry_after_s: float | None = None
    action: Action | None = None

    @property
    def another(self) -> bool:
        """Whether it is worth trying another credential."""
        if self.action is not None:
            return self.action in (Action.CONTINUE, Action.CONTINUE_AND_COOL)
        return self.kind not in (OutcomeKind.OK, OutcomeKind.REQUEST_FAULT, OutcomeKind.CANCELLED)


OK = Outcome(OutcomeKind.OK)
CANCELLED = Outcome(OutcomeKind.CANCELLED)
