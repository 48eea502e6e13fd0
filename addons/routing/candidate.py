"""Who may answer, and the refusal where nobody may."""

from collections.abc import Iterable
from dataclasses import dataclass

from addons.providers.provider import Provider
from translators import ErrorKind, GatewayError
from translators.conversation import ThinkingWish
from translators.thinking import ThinkingRange


@dataclass(frozen=True, slots=True)
class Leg:
    """One of the models that a route stands for (`model-routes`). `cooldown_s`: how long it is passed over when it has
    failed. `in_turn`: each request begins with the next of them; else in the order of the config."""

    alias: str
    model: str
    cooldown_s: float
    in_turn: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to answer: an upstream model in a pool, and who of the pool serves it.

    `model`: as the upstream calls it. `credentials`: ids. `thinking`: what the name asks for in its suffix.
    `thinking_range`, `max_output_tokens`, `input_modalities`: what is known of the model, None where nobody knows (see
    translators.dialect.Target). `leg`: of which route it is, where it was asked for by that.
    """

    provider: Provider
    pool: str
    model: str
    credentials: frozenset[str]
    keeps_thinking: bool = False
    priority: int = 0
    thinking: ThinkingWish | None = None
    thinking_range: ThinkingRange | None = None
    max_output_tokens: int | None = None
    input_modalities: frozenset[str] | None = None
    leg: Leg | None = None

    @property
    def routed(self) -> str:
        """Which model of a route it is; "" where it is of none."""
        return "" if self.leg is None else self.leg.model


type Tier = tuple[Candidate, ...]
"""Candidates of one priority. Who of them begins is not the router's to say: see addons.rounds."""


class UnknownModel(GatewayError):
    """No credential serves what the client asks for. It will not go away by asking again.

    `near`: names that are served and look alike. `why`: what keeps the model out, where it would be there.
    """

    kind = ErrorKind.NOT_FOUND
    status = 404
    code = "model_not_found"
    param = "model"

    def __init__(self, model: str, near: Iterable[str], why: str = "") -> None:
        meant = ", ".join(near)
        super().__init__(
            f"no provider in config.yaml serves the model {model[:80]!r}"
            + (f": {why}" if why else "")
            + (f"; similar names that are served: {meant}" if meant else "")
        )
