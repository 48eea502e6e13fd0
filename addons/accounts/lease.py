"""What a pool answers when it is asked for a credential."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from addons.accounts.credential import Credential
from addons.accounts.outcome import OutcomeKind

type Strategy = Literal["round-robin", "weighted-round-robin", "fill-first"]


@dataclass(slots=True, eq=False)
class Lease:
    """A credential for one attempt. It must be given back with how the attempt ended, once."""

    credential: Credential
    model: str
    since_s: float
    returned: bool = False


class Blocked(NamedTuple):  # a thousand of them are made for one refusal: a tuple is made faster
    """A credential that rests. `model`: what of it, "" for the whole. `hinted_s`: the vendor's own word for the end."""

    credential: str
    short: str
    kind: OutcomeKind
    message: str
    until_s: float
    model: str = ""
    hinted_s: float | None = None
    status: int | None = None


class Exhausted:
    """Nobody may be picked.

    `retry_at_s`: when the first may be; None where the pool has nobody for this at all. `blocked`: who rests, in the
    order in which they would be used. It is put together when it is first looked at, as things are then: with a
    thousand credentials it costs far more than the pick.
    """

    def __init__(
        self, pool: str, model: str, retry_at_s: float | None, look: Callable[[], tuple[Blocked, ...]] = tuple
    ) -> None:
        self.pool = pool
        self.model = model
        self.retry_at_s = retry_at_s
        self._look = look

    @cached_property
    def blocked(self) -> tuple[Blocked, ...]:
        return self._look()

    def __repr__(self) -> str:
        return f"Exhausted({self.pool!r}, {self.model!r}, retry_at_s={self.retry_at_s})"


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody could answer and does not rest, but has all the leases out that it may have (max_concurrency).

    `rests_end_s`: when the first of those that rest may be picked; None where nobody rests.
    """

    pool: str
    model: str
    rests_end_s: float | None = None
